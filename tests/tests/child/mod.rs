//! A test that runs itself once more, as a child on coroutines: with settings of its own, or because the program ends by it.

use std::env;
use std::process::{Command, ExitStatus};

/// Set in a child, which plays the part that it names.
const PART: &str = "CSP_TEST_PART";

/// Runs `test` of this program to its end as a child that plays `part`. Gives how it ended, and what it has written to standard error.
#[allow(dead_code, reason = "one test talks to its child meanwhile")]
pub(crate) fn run(test: &str, part: &str, settings: &[(&str, &str)]) -> (ExitStatus, String) {
    let output = command(test, part, settings).output().expect("this program can be started");
    (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The command that [`run`] runs.
pub(crate) fn command(test: &str, part: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command
        .args(["--exact", test, "--nocapture"])
        .envs([(PART, part), ("CSP_BACKEND", "coroutines")])
        .envs(settings.iter().copied());
    command
}

/// Whether this is a child that plays `part`.
pub(crate) fn is_part(part: &str) -> bool {
    env::var(PART).is_ok_and(|set| set == part)
}
