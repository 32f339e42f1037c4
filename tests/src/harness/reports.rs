//! What processes report about where they run, and the check that they ran where they should.
//!
//! Processes share nothing, so a report is a line appended to a file: that reaches the harness from any thread and from any
//! operating system process.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::OnceLock;

use super::backend_name;

static FILE: OnceLock<File> = OnceLock::new();

/// Opens the file that this child's processes report to. It has no name from then on: forked processes have it open too, and nothing is left
/// of it, however they all end.
pub(super) fn open(path: &Path) {
    let file =
        OpenOptions::new().create(true).append(true).read(true).open(path).expect("the folder for reports is writable");
    std::fs::remove_file(path).expect("what was just made can be removed");
    FILE.set(file).expect("opened once");
}

/// Reports from inside a process: it should be on the backend under test.
pub(crate) fn here() {
    report(backend_name(), "-");
}

/// Reports from inside a process that is alive at the same time as all others of its group.
pub(crate) fn here_with(group: &str) {
    report(backend_name(), group);
}

/// Reports from inside a process that should be on another backend than the one under test.
pub(crate) fn here_on(backend: csp::Backend) {
    report(&backend.to_string(), "-");
}

fn report(expected: &str, group: &str) {
    let backend = csp::current().backend();
    let line = format!("{expected}\t{group}\t{backend}\t{}\t{:?}\n", std::process::id(), std::thread::current().id());
    let mut file = FILE.get().expect("scenarios run under the harness");
    file.write_all(line.as_bytes()).expect("a report can be written");
}

/// Without a look at where the file stands: a killed process that is on its way out may still be about to write.
fn all_of(file: &File) -> io::Result<String> {
    let mut bytes = vec![0; file.metadata()?.len() as usize];
    file.read_exact_at(&mut bytes, 0)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

/// Checks the reports of the run that has just ended, and forgets them.
pub(super) fn check(main_only: bool) -> Result<(), String> {
    let file = FILE.get().expect("opened at the start");
    let text = all_of(file).expect("reports can be read");
    file.set_len(0).expect("reports can be forgotten");
    if text.is_empty() && !main_only {
        return Err("no process reported where it ran".into());
    }
    let mut groups: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in text.lines() {
        let [expected, group, backend, pid, thread] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("a report is mangled: {line:?}"));
        };
        if backend != expected {
            return Err(format!("a process ran on {backend}, not on {expected}"));
        }
        if matches!(expected, "threads" | "seeded") {
            // Below a forked process its threads are there, not here.
            if backend_name() != "processes" && pid != std::process::id().to_string() {
                return Err(format!(
                    "a process of backend {backend} ran in operating system process {pid}, not in its parent's"
                ));
            }
            if group != "-" {
                groups.entry(group).or_default().push(thread);
            }
        }
    }
    for (group, threads) in groups {
        let mut different = threads.clone();
        different.sort_unstable();
        different.dedup();
        if different.len() < threads.len() {
            return Err(format!("processes of the group «{group}», all alive at once, shared threads: {threads:?}"));
        }
    }
    Ok(())
}
