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

/// Reports from inside a process that should be on another backend than the one under test. (Say which: what the runtime
/// calls it proves nothing.)
pub(crate) fn here_on(backend: csp::Backend) {
    report(&backend.to_string(), "-");
}

/// Reports from the main function, which is no process of any backend, where none may start.
pub(crate) fn here_in_main() {
    report(MAIN, "-");
}

/// The backend that the main function is expected on.
const MAIN: &str = "none";

fn report(expected: &str, group: &str) {
    let backend = csp::current().backend();
    let thread = std::thread::current();
    let (name, thread) = (thread.name().unwrap_or("-").replace(['\t', '\n'], " "), thread.id());
    let line = format!("{expected}\t{group}\t{backend}\t{}\t{name}\t{thread:?}\n", std::process::id());
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
        let [expected, group, backend, pid, name, thread] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("a report is mangled: {line:?}"));
        };
        if expected == MAIN {
            continue;
        }
        if backend != expected {
            return Err(format!("a process ran on {backend}, not on {expected}"));
        }
        check_place(backend, pid, name)?;
        if group != "-" && backend != "coroutines" {
            groups.entry(group).or_default().push(if backend == "processes" { pid } else { thread });
        }
    }
    for (group, places) in groups {
        let mut different = places.clone();
        different.sort_unstable();
        different.dedup();
        if different.len() < places.len() {
            return Err(format!(
                "processes of the group «{group}», all alive at once, shared what they run on: {places:?}"
            ));
        }
    }
    Ok(())
}

/// Checks by what the operating system and std say where a process ran that calls itself one of `backend`.
fn check_place(backend: &str, pid: &str, thread: &str) -> Result<(), String> {
    let told = format!("a process of backend {backend} ran on thread «{thread}» of operating system process {pid}");
    let elsewhere = pid != std::process::id().to_string();
    if backend == "processes" && !elsewhere {
        return Err(format!("{told}, which is its parent's"));
    }
    // Below a forked process its threads are there, not here.
    if backend != "processes" && backend_name() != "processes" && elsewhere {
        return Err(format!("{told}, not in its parent's"));
    }
    if thread.starts_with("csp-worker-") != (backend == "coroutines") {
        return Err(format!("{told}: coroutines are on workers, and nobody else is"));
    }
    Ok(())
}
