//! `report` and `check` from outside: what they write, that they go on, and one clear line for a wrong value.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs, process};

/// Runs csp-bench where nothing else can be found: without Go and Python.
fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_csp-bench")).args(words).env("PATH", "").output().expect("csp-bench starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// A folder of a test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(env::temp_dir().join(format!("csp-bench-{name}-{}", process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays; the test has its verdict already.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_report_is_written_and_goes_on_where_it_was() {
    let folder = Folder::new("report");
    let words = ["report", "--quick", "--only", "switch", "--out", folder.path()];
    let first = bench(&words);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let figures = folder.read("figures.jsonl");
    assert!(figures.lines().skip(1).any(|line| line.starts_with(r#"{"workload":"switch""#)), "{figures}");

    let page = folder.read("report.html");
    assert!(page.contains("<svg") && page.contains("prefers-color-scheme") && page.contains("csp:coroutines"));
    assert!(page.contains("go:1") && page.contains("is missing"), "who is missing is a line");
    for outside in ["<script", "<link", "src=", "url("] {
        assert!(!page.contains(outside), "the page needs nothing else: {outside}");
    }
    let summary = folder.read("summary.md");
    for fact in ["| machine |", "| kernel |", "| compiler |", "| commit |", "| runs |", "corosensei-raw"] {
        assert!(summary.contains(fact), "{fact}");
    }
    assert!(folder.read("plots/switch.svg").starts_with("<svg"));

    // As if it had been interrupted in the middle of a line.
    let kept: String = figures.lines().take(4).map(|line| format!("{line}\n")).collect();
    fs::write(folder.0.join("figures.jsonl"), format!("{kept}{{\"workload\":\"swi")).expect("the file");
    assert!(bench(&words).status.success());
    let gone_on = folder.read("figures.jsonl");
    assert!(gone_on.starts_with(&kept) && gone_on.lines().count() > 4, "{gone_on}");
    assert!(bench(&words).status.success());
    assert_eq!(folder.read("figures.jsonl"), gone_on, "everything is there already");
}

#[test]
fn check_lists_what_is_asked() {
    let listed = bench(&["check", "--list"]);
    assert!(listed.status.success());
    let lines = text(&listed.stdout).lines().count();
    assert!(lines > 40, "{lines}");
    let fewer = bench(&["check", "--list", "--issue", "2", "choice"]);
    assert_eq!(text(&fewer.stdout).lines().count(), 3, "{}", text(&fewer.stdout));
}

#[test]
fn what_cannot_be_decided_is_no_success() {
    // There is no Go: the one ratio that fits is undecided, which is more than a tenth.
    let output = bench(&["check", "--issue", "3", "go:1, go:2 ring n=262144"]);
    assert_eq!(output.status.code(), Some(2), "nothing fits: {}", text(&output.stderr));
    let output = bench(&["check", "--issue", "3", "start n=1 "]);
    let table = text(&output.stdout);
    assert!(table.contains("undecided") && table.contains("0 held, 0 short, 1 undecided"), "{table}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_wrong_value_gets_one_line_and_exit_code_2() {
    let wrong: [&[&str]; 6] = [
        &["report", "--loud"],
        &["report", "--only", "juggle"],
        &["report", "--draw", "--afresh"],
        &["check", "--issue", "two"],
        &["check", "--loud"],
        &["instructions", "--loud"],
    ];
    for words in wrong {
        let output = bench(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert_eq!(text(&output.stderr).lines().count(), 1, "{words:?}: {}", text(&output.stderr));
    }
    for words in [["report", "--help"], ["check", "--help"], ["instructions", "--help"]] {
        assert!(bench(&words).status.success(), "{words:?}");
    }
}
