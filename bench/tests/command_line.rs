//! The command line from outside: figures as JSON, help, and one clear line for a wrong value.

use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_csp-bench")).args(words).output().expect("csp-bench starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn json_has_one_object_a_line_with_the_fields_in_order() {
    let output = bench(&["spawn", "--subject", "std", "--runs", "2", "--json"]);
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 2, "unpinned and pinned");
    let start = r#"{"workload":"spawn","subject":"std","params":{"pinned":false},"unit":"ns/par","median":"#;
    assert!(lines[0].starts_with(start), "{}", lines[0]);
    assert!(lines[0].ends_with(r#""runs":2}"#), "{}", lines[0]);
    for line in lines {
        let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(object["median"].as_f64() >= object["min"].as_f64());
    }
}

/// Held where tens of thousands of threads begin and end, and where nobody may be kept from running for two seconds.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn a_cell_that_takes_too_long_is_a_word_in_the_table() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = bench(&["limit", "--n", "30000", "--subject", "kanal", "--runs", "1", "--timeout", "1"]);
    assert!(output.status.success());
    let table = text(&output.stdout);
    assert!(table.contains("timeout") || table.contains("failed"), "{table}");
}

#[test]
fn help_names_every_workload() {
    let output = bench(&["--help"]);
    assert!(output.status.success());
    let names = "pingpong stream ring commstime choice mandelbrot spawn switch between workers start memory tokens primes idle timers sizes death limit \
                 macro-cost kills pi \
                 commstime-par occam-ring stressed-alt choice-time micro report check instructions";
    for name in names.split_whitespace() {
        assert!(text(&output.stdout).contains(name), "{name}");
    }
}

#[test]
fn the_small_networks_come_out_right() {
    let small: [&[&str]; 11] = [
        &["primes", "--n", "30"],
        &["memory", "--n", "50"],
        &["start", "--n", "1"],
        &["start", "--n", "20"],
        &["tokens", "--n", "4"],
        &["switch"],
        &["commstime"],
        &["commstime-par"],
        &["occam-ring", "--n", "8"],
        &["choice-time", "--n", "3"],
        &["stressed-alt", "--n", "4"],
    ];
    for words in small {
        let subjects = ["csp:coroutines", "tokio", "kanal-async", "may", "corosensei-raw", "crossbeam"];
        let subjects = subjects.iter().flat_map(|subject| ["--subject", subject]);
        let options = ["--runs", "1", "--pinning", "unpinned", "--json"];
        let all: Vec<&str> = words.iter().copied().chain(subjects).chain(options).collect();
        let output = bench(&all);
        let printed = text(&output.stdout);
        assert!(printed.lines().count() >= 2, "{words:?}: {printed}");
        assert!(!printed.contains("failure"), "{words:?}: {printed}{}", text(&output.stderr));
    }
}

/// Never early is what each run checks.
#[test]
fn timeouts_beside_talk_come_out() {
    for backend in ["threads", "coroutines"] {
        let output = bench(&["timers", "--backend", backend, "--runs", "1", "--json"]);
        let printed = text(&output.stdout);
        assert!(
            printed.contains("\"unit\":\"µs\"") && !printed.contains("failure"),
            "{printed}{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn the_rivals_between_os_processes_come_out_right() {
    let small: [&[&str]; 7] = [
        &["pingpong"],
        &["stream"],
        &["ring", "--n", "3"],
        &["tokens", "--n", "4"],
        &["sizes", "--size", "200000"],
        &["spawn"],
        &["death", "--n", "4"],
    ];
    for words in small {
        let rivals =
            ["shm-raw", "ipc-channel", "iceoryx2", "pipe", "unix-socket", "futex-ring", "pipe-ring", "bare-fork"];
        let subjects = rivals.iter().flat_map(|subject| ["--subject", subject]);
        let options = ["--runs", "1", "--pinning", "unpinned", "--json"];
        let all: Vec<&str> = words.iter().copied().chain(subjects).chain(options).collect();
        let output = bench(&all);
        let printed = text(&output.stdout);
        assert!(printed.lines().count() >= 1, "{words:?}: {printed}");
        assert!(!printed.contains("failure"), "{words:?}: {printed}{}", text(&output.stderr));
    }
}

#[test]
fn messages_of_any_size_come_out_right() {
    for subject in ["csp:threads", "csp:coroutines"] {
        let options = ["--subject", subject, "--runs", "1", "--pinning", "unpinned", "--json"];
        let output = bench(&[&["sizes", "--size", "200000"][..], &options].concat());
        let printed = text(&output.stdout);
        assert_eq!(printed.lines().count(), 7, "two payloads both ways, three in one: {printed}");
        assert!(!printed.contains("failure"), "{printed}{}", text(&output.stderr));
    }
}

#[test]
fn a_rival_of_threads_is_none_of_processes() {
    let output = bench(&["ring", "--n", "3", "--backend", "processes", "--rivals", "--runs", "1", "--json"]);
    let printed = text(&output.stdout);
    assert!(printed.contains("futex-ring") && printed.contains("pipe-ring"), "{printed}");
    assert!(!printed.contains("crossbeam") && !printed.contains("tokio"), "{printed}");
}

#[test]
fn a_campaign_without_kills_finds_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = bench(&["kills", "--backend", "threads", "--count", "12"]);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    assert!(printed.contains("12 tries") && printed.contains("failures: 0"), "{printed}");
}

#[test]
fn a_campaign_notices_every_planted_fault() {
    for (fault, found) in [
        ("hang", "hang"),
        ("twice", "twice"),
        ("lost", "imbalance"),
        ("vanished", "vanished"),
        ("orphan", "orphan"),
        ("strange", "strange"),
        ("leak", "leak"),
    ] {
        // Only memory that processes share is looked at for what was left there.
        let backend = if fault == "leak" { "processes" } else { "threads" };
        let output = bench(&["kills", "--backend", backend, "--count", "1", "--seed", "3", "--fault", fault]);
        let printed = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{fault}: {printed}");
        let named = printed.lines().any(|line| line.starts_with("seed 3 ") && line.contains(&format!("{found}:")));
        assert!(named, "{fault}: {printed}");
    }
}

#[test]
fn without_go_the_rival_is_skipped_with_one_line() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_csp-bench"));
    command.args(["switch", "--subject", "go:1", "--subject", "go:2", "--json"]).env("PATH", "");
    let output = command.output().expect("csp-bench starts");
    assert!(output.status.success());
    assert!(output.stdout.is_empty());
    assert_eq!(text(&output.stderr).lines().count(), 1, "{}", text(&output.stderr));
}

#[test]
fn a_wrong_value_gets_one_line_and_exit_code_2() {
    let wrong: [&[&str]; 14] = [
        &[],
        &["juggle"],
        &["ring", "stream"],
        &["ring", "--n", "one"],
        &["ring", "--n", "1"],
        &["tokens", "--n", "1"],
        &["stream", "--n", "8"],
        &["ring", "--runs", "0"],
        &["ring", "--backend", "hamsters"],
        &["ring", "--loud"],
        &["ring", "--count", "3"],
        &["ring", "--again"],
        &["kills", "--count", "0"],
        &["kills", "--fault", "tired"],
    ];
    for words in wrong {
        let output = bench(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert_eq!(text(&output.stderr).lines().count(), 1, "{words:?}");
    }
}
