//! A coroutine that overflows its stack ends the program, which says whose stack that was, how large, and what makes it larger. Signals that are
//! something else do what they would do without us.

mod child;

use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// What the child says on its own, before the fault.
const BEFORE: &str = "one coroutine has run";

#[process]
fn writes_where_nothing_is() {
    eprintln!("{BEFORE}");
    let nowhere = black_box(std::ptr::without_provenance_mut::<u64>(1 << 20));
    // SAFETY: there is none: the lowest megabytes are never mapped, and the fault is what is tested. Nobody goes on after it.
    unsafe { nowhere.write_volatile(1) };
}

/// It is no guard's: whoever had the signal before us has it, and then the system.
#[test]
fn a_fault_elsewhere_is_none_of_ours() {
    const TEST: &str = "a_fault_elsewhere_is_none_of_ours";
    if is_part(TEST) {
        par! { writes_where_nothing_is() };
        unreachable!("the program has ended");
    }
    let (status, text) = in_a_child(TEST);
    assert_eq!(status.signal(), Some(Signal::SIGSEGV as i32), "{text}");
    assert!(text.contains(BEFORE) && !text.contains("overflowed"), "{text}");
}

/// A thread of std's has its own guard, and std its own words for it, which are passed on to.
#[test]
fn a_threads_overflow_is_told_by_std() {
    const TEST: &str = "a_threads_overflow_is_told_by_std";
    if is_part(TEST) {
        par! { { eprintln!("{BEFORE}") } };
        let thread = std::thread::Builder::new().name("ordinary".to_owned()).stack_size(256 << 10).spawn(|| deeper(0));
        let _ = thread.expect("a thread can be started").join();
        unreachable!("the program has ended");
    }
    let (status, text) = in_a_child(TEST);
    assert_eq!(status.signal(), Some(Signal::SIGABRT as i32), "{text}");
    assert!(text.contains(BEFORE) && text.contains("thread 'ordinary'"), "{text}");
    assert!(text.contains("has overflowed its stack") && !text.contains("It runs as a coroutine"), "{text}");
}

#[process]
fn never_starts(out: Sender<u32>) {
    let _out = out;
    unreachable!("there is no such stack");
}

/// Why the channel is poisoned.
#[process]
fn waits_in_vain(input: Receiver<u32>, told: Sender<String>) {
    let why = input.recv().expect_err("who would send never starts");
    told.send(why.to_string())?;
}

/// As much as there cannot be: those that have begun are waited for and told, the others never begin.
#[test]
fn a_stack_that_cannot_be_had_is_a_panic_of_the_par() {
    const TEST: &str = "a_stack_that_cannot_be_had_is_a_panic_of_the_par";
    if !is_part(TEST) {
        let (status, text) = in_a_child(TEST);
        return assert!(status.success(), "{status}\n{text}");
    }
    let ((out, input), (told_out, told)) = (channel(), channel::buffered(1));
    let later = out.clone();
    let panic = catch_unwind(AssertUnwindSafe(|| {
        par! {
            waits_in_vain(input, told_out),
            never_starts(out).named("the giant").stack_size(usize::MAX),
            never_starts(later),
        }
    }));
    let panic = panic.expect_err("no stack is that large");
    let words = panic.downcast_ref::<String>().expect("a panic with a message");
    for wanted in ["overflow.rs:", "the giant", "#[process(stack"] {
        assert!(words.contains(wanted), "«{wanted}» is missing in: {words}");
    }
    let told = told.try_recv().expect("whoever had begun has ended when `par!` has");
    assert!(told.contains("could not start all of its branches"), "{told}");
    // The next one finds a stack.
    assert_eq!(par! { { 7 } }, 7);
}
