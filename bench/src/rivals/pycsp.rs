//! PyCSP on greenlets, the library of the paper: our program in `rivals-python`, where Python has that package.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::cell::Cell;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals-python/main.py");

/// Whether Python is here and has the package, or why not; one line says so then.
pub(super) fn found() -> &'static Result<(), String> {
    static FOUND: OnceLock<Result<(), String>> = OnceLock::new();
    FOUND.get_or_init(|| probe().inspect_err(|why| eprintln!("csp-bench: the rival pycsp is skipped: {why}")))
}

fn probe() -> Result<(), String> {
    let output = python(&["probe"]).stdin(Stdio::null()).output().map_err(|error| format!("`python3`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(complaint.trim().lines().last().unwrap_or("its program does not start").to_owned())
}

fn python(words: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg(PROGRAM).args(words);
    command
}

/// Becomes the Python program, which then prints the outcome in our place: on the core and with the parent that we have.
///
/// # Panics
/// If there is no such program; see [`found`].
pub(super) fn run(cell: Cell) -> ! {
    let number = |value: Option<usize>| value.unwrap_or(0).to_string();
    let params = cell.params;
    let error: io::Error =
        python(&[cell.workload.name(), &number(params.n.or(params.workers)), &number(params.tokens)]).exec();
    panic!("python3: {error}");
}
