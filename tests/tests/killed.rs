//! A branch that was killed has said nothing: its parent does, unless it catches that.

mod child;

use csp::prelude::*;
use nix::sys::signal::{Signal, raise};

#[process]
fn is_killed() {
    raise(Signal::SIGKILL).expect("a process may kill itself");
}

#[test]
fn a_killed_branch_is_told_on_standard_error() {
    let test = "a_killed_branch_is_told_on_standard_error";
    if child::is_part(test) {
        assert!(par! { is_killed().catch() }.is_err());
        return par! { is_killed().named("the second") };
    }
    let (status, text) = child::run(test, test, &[("CSP_BACKEND", "processes")]);
    assert!(!status.success(), "{text}");
    let told = "process `the second` was killed by SIGKILL";
    assert!(text.contains(told) && !text.contains("`is_killed`"), "«{told}» alone is to be said: {text}");
}
