//! The raw figures on disk: JSON lines, appended as they are measured, so that an interrupted run keeps what it has.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::setting::Setting;
use crate::cell::{Cell, Outcome};
use crate::fresh::{Failure, Run};

/// One run of one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(flatten)]
    pub(crate) cell: Cell,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// What it said about its failure.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) complaint: String,
    /// From the start of its process to the end.
    pub(crate) seconds: f64,
    /// The share of the machine that other programs used meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) others: Option<f64>,
}

impl Entry {
    pub(crate) fn new(cell: Cell, run: Run, others: Option<f64>) -> Self {
        let complaint = if run.outcome.is_err() { essence(&run.complaint) } else { String::new() };
        Self {
            cell,
            outcome: run.outcome.ok(),
            failure: run.outcome.err(),
            complaint,
            seconds: run.taken.as_secs_f64(),
            others,
        }
    }
}

/// What a panic says, without where; or the first line of whatever else.
pub(super) fn essence(complaint: &str) -> String {
    let mut lines = complaint.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let said = if first.contains("panicked at") { lines.next().unwrap_or(first) } else { first };
    said.chars().take(200).collect()
}

/// The first line of the file.
#[derive(Serialize, Deserialize)]
struct Header {
    setting: Setting,
}

/// An open log, with what it already held.
pub(crate) struct Log {
    file: File,
    pub(crate) setting: Setting,
    pub(crate) entries: Vec<Entry>,
}

impl Log {
    /// Opens the log of `directory` to go on with it, or begins one; with `whoever` also one of another program.
    ///
    /// # Errors
    /// What the system says, or that the log there is of another program or kind of run.
    pub(crate) fn open(directory: &Path, setting: Setting, afresh: bool, whoever: bool) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("figures.jsonl");
        if afresh || !path.exists() {
            return Self::begin(&path, setting);
        }
        let text = std::fs::read_to_string(&path)?;
        let Some((began, entries, whole)) = read(&text) else { return Self::begin(&path, setting) };
        if !whoever && !began.goes_on_as(&setting) {
            let told = format!(
                "{} holds figures of {}; this would be {}: add --afresh to measure anew, or name another --out",
                path.display(),
                began.kind(),
                setting.kind(),
            );
            return Err(io::Error::other(told));
        }
        let file = OpenOptions::new().append(true).open(&path)?;
        file.set_len(whole as u64)?; // half a line, where it was interrupted while it wrote
        Ok(Self { file, setting: began, entries })
    }

    fn begin(path: &Path, setting: Setting) -> io::Result<Self> {
        let mut file = File::create(path)?;
        writeln!(file, "{}", serde_json::to_string(&Header { setting: setting.clone() })?)?;
        Ok(Self { file, setting, entries: Vec::new() })
    }

    /// Writes `entry` down.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn append(&mut self, entry: Entry) -> io::Result<()> {
        let line = serde_json::to_string(&entry)? + "\n";
        self.file.write_all(line.as_bytes())?;
        self.entries.push(entry);
        Ok(())
    }
}

/// The setting, the entries, and how many bytes of `text` are whole lines of those; nothing without a setting.
fn read(text: &str) -> Option<(Setting, Vec<Entry>, usize)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let header: Header = serde_json::from_str(first).ok()?;
    let mut whole = first.len();
    let mut entries = Vec::new();
    for line in lines {
        let Some(entry) = line.strip_suffix('\n').and_then(|line| serde_json::from_str(line).ok()) else { break };
        entries.push(entry);
        whole += line.len();
    }
    Some((header.setting, entries, whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    use crate::workload::{Params, Pinning, Subject, Workload};

    fn entry(value: f64) -> Entry {
        let params = Params { n: Some(8), ..Params::default() };
        Entry {
            cell: Cell { workload: Workload::Ring, params, subject: Subject::CspThreads, pinning: Pinning::Unpinned },
            outcome: Some(value.into()),
            failure: None,
            complaint: String::new(),
            seconds: 0.5,
            others: None,
        }
    }

    /// A folder of this test's own, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("csp-bench-{name}-{}", std::process::id())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            // What cannot be removed stays; the test has its verdict already.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_measured_before_an_interruption_is_kept() {
        let folder = Folder::new("kept");
        let mut log = Log::open(&folder.0, Setting::of_a_test("a"), false, false).expect("a new log");
        log.append(entry(1.0)).expect("written");
        log.append(entry(2.0)).expect("written");
        let mut half = OpenOptions::new().append(true).open(folder.0.join("figures.jsonl")).expect("the file");
        half.write_all(b"{\"workload\":\"ring\",\"sub").expect("half a line");
        drop(log);
        let mut log = Log::open(&folder.0, Setting::of_a_test("a"), false, false).expect("the same log");
        assert_eq!(log.entries, [entry(1.0), entry(2.0)]);
        log.append(entry(3.0)).expect("written");
        let log = Log::open(&folder.0, Setting::of_a_test("a"), false, false).expect("the same log");
        assert_eq!(log.entries, [entry(1.0), entry(2.0), entry(3.0)]);
    }

    #[test]
    fn figures_of_another_program_are_not_mixed_in() {
        let folder = Folder::new("mixed");
        let mut log = Log::open(&folder.0, Setting::of_a_test("a"), false, false).expect("a new log");
        log.append(entry(1.0)).expect("written");
        let refused = Log::open(&folder.0, Setting::of_a_test("b"), false, false).err().expect("another program");
        assert!(refused.to_string().contains("--afresh"), "{refused}");
        let log = Log::open(&folder.0, Setting::of_a_test("b"), true, false).expect("begun anew");
        assert!(log.entries.is_empty());
    }

    #[test]
    fn a_panic_is_told_by_what_it_says() {
        assert_eq!(essence("\nthread 'main' panicked at src/a.rs:1:2:\nno room\nnote: run with\n"), "no room");
        assert_eq!(essence("Killed\n"), "Killed");
        assert_eq!(essence(""), "");
    }
}
