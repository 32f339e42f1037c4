//! Asks valgrind's callgrind how many instructions a cell takes.

use std::process::{Command, Stdio};

use crate::cell::Cell;
use crate::{fresh, ours, timing};

/// Two numbers of rounds: their difference is free of start-up and warm-up.
const ROUNDS: [u64; 2] = [2000, 6000];

/// Whether this machine has valgrind.
pub(super) fn is_here() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Instructions of one round of `cell`, with one worker.
///
/// # Errors
/// What valgrind, or the cell, says.
pub(super) fn per_round(cell: Cell) -> Result<f64, String> {
    let [few, many] = ROUNDS;
    let more = count(cell, many)? as f64 - count(cell, few)? as f64;
    Ok(more / (many - few) as f64)
}

fn count(cell: Cell, rounds: u64) -> Result<u64, String> {
    let plain = fresh::command(cell).map_err(|error| error.to_string())?;
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(plain.get_program())
        .args(plain.get_args());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env(ours::INSIDE, "1").env("CSP_WORKERS", "1").env(timing::ROUNDS, rounds.to_string()).stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let total = output.status.success().then(|| collected(&said)).flatten();
    total.ok_or_else(|| format!("{} under valgrind: {}", cell.workload.name(), said.trim()))
}

/// The total that callgrind prints at the end.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected : "))?;
    line.split_once("Collected : ")?.1.split_whitespace().next()?.parse().ok()
}

#[test]
fn the_total_is_found_among_what_callgrind_says() {
    let said = "==7== Events    : Ir\n==7== Collected : 1259400\n==7== \n==7== I   refs:      1,259,400\n";
    assert_eq!(collected(said), Some(1_259_400));
    assert_eq!(collected("==7== Killed\n"), None);
}
