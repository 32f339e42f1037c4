//! A coroutine that overflows its stack ends the program, which says whose stack that was, how large, and what makes it larger. Signals that are
//! something else do what they would do without us.

mod child;

use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use child::is_part;
use csp::prelude::*;
use nix::sys::signal::{Signal, raise};

/// Runs `test` as a child, with stacks of a known size.
fn in_a_child(test: &str) -> (ExitStatus, String) {
    child::run(test, test, &[("CSP_STACK", "64 KiB")])
}

#[inline(never)]
fn deeper(depth: u64) -> u64 {
    let ground = black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { deeper(depth + 1) + ground[7] }
}

#[process]
fn digs() -> u64 {
    deeper(0)
}

/// Others run beside it, on stacks that lie beside its own.
#[process]
fn looks_on(input: Receiver<u64>) {
    let _ = input.recv();
}

#[test]
fn an_overflow_is_told_by_name_size_and_setting() {
    const TEST: &str = "an_overflow_is_told_by_name_size_and_setting";
    if is_part(TEST) {
        let (_out, input) = channel();
        let _ = par! { 4 * looks_on(input), digs().named("the digger") };
        unreachable!("the program has ended");
    }
    let (status, text) = in_a_child(TEST);
    assert_eq!(status.signal(), Some(Signal::SIGABRT as i32), "{text}");
    assert!(text.contains("process `the digger` has overflowed its stack of 65536 bytes"), "{text}");
    for setting in ["#[process(stack", "stack_size", "CSP_STACK"] {
        assert!(text.contains(setting), "«{setting}» is missing in: {text}");
    }
}

#[test]
fn a_stack_of_its_own_size_is_told_as_such() {
    const TEST: &str = "a_stack_of_its_own_size_is_told_as_such";
    if is_part(TEST) {
        par! { digs().stack_size(256 << 10) };
        unreachable!("the program has ended");
    }
    let (status, text) = in_a_child(TEST);
    assert_eq!(status.signal(), Some(Signal::SIGABRT as i32), "{text}");
    assert!(text.contains("process `digs` has overflowed its stack of 262144 bytes"), "{text}");
}

#[process]
fn sends_itself_a_signal() {
    // std's handler, which was there before ours, takes the first one for a fault that will come again once the default is set.
    for _ in 0..2 {
        raise(Signal::SIGSEGV).expect("it can be sent");
    }
}

#[test]
fn a_signal_that_is_no_overflow_does_what_it_would() {
    const TEST: &str = "a_signal_that_is_no_overflow_does_what_it_would";
    if is_part(TEST) {
        par! { sends_itself_a_signal() };
        unreachable!("the program has ended");
    }
    let (status, text) = in_a_child(TEST);
    assert_eq!(status.signal(), Some(Signal::SIGSEGV as i32), "{text}");
    assert!(!text.contains("overflowed"), "{text}");
}
