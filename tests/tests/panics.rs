//! A panic's message and backtrace are seen however small the stack of the process is, and a hook may use much of it.

mod child;

use std::hint::black_box;
use std::io::{Write, stderr};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::process::ExitStatus;

use child::is_part;
use csp::prelude::*;

/// Runs `test` as a child that plays `part`, with small stacks.
fn in_a_child(test: &str, part: &str) -> (ExitStatus, String) {
    child::run(test, part, &[("CSP_STACK", "16 KiB"), ("RUST_BACKTRACE", "1")])
}

#[process]
fn panics(text: &'static str) {
    panic!("{text}");
}

/// Runs the process that panics, and then one that does not, on the same stack.
fn panic_and_go_on() {
    for _ in 0..3 {
        let panic = catch_unwind(AssertUnwindSafe(|| par! { panics("on purpose"), panics("on purpose too") }));
        assert!(panic.is_err());
        let (out, input) = channel();
        let (sent, received) = par! { { out.send(7) }, { input.recv() } };
        assert_eq!((sent, received), (Ok(()), Ok(7)));
    }
}

#[test]
fn a_backtrace_has_room() {
    if is_part("backtrace") {
        return panic_and_go_on();
    }
    let (status, text) = in_a_child("a_backtrace_has_room", "backtrace");
    assert!(status.success(), "{status}\n{text}");
    assert!(text.contains("on purpose") && text.contains("on purpose too"), "{text}");
    assert!(text.contains("stack backtrace:"), "{text}");
}

/// It takes more than the process's whole stack.
#[inline(never)]
fn greedy() -> usize {
    black_box(&[1_u8; 100 << 10]).iter().map(|&one| usize::from(one)).sum()
}

#[test]
fn a_hook_of_the_programs_own_has_room_and_never_waits() {
    if is_part("hook") {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            // None of these may suspend the process, whose worker's stack is in use.
            csp::yield_now();
            let (out, _input) = channel();
            let refused = out.send(1).is_err();
            // In one piece: another worker's hook may write at the same time.
            let line = format!("the hook used {} bytes; refused: {refused}\n", greedy());
            stderr().write_all(line.as_bytes()).expect("standard error is open");
            before(info);
        }));
        return panic_and_go_on();
    }
    let (status, text) = in_a_child("a_hook_of_the_programs_own_has_room_and_never_waits", "hook");
    assert!(status.success(), "{status}\n{text}");
    assert_eq!(text.matches("the hook used 102400 bytes; refused: true").count(), 6, "{text}");
    assert!(text.contains("stack backtrace:"), "{text}");
}

/// A hook that waits for processes would have its worker go on where the hook has its frames.
#[test]
fn a_hook_that_waits_ends_the_program() {
    if is_part("waiting") {
        set_hook(Box::new(|_| {
            par! { {}, {} };
        }));
        return panic_and_go_on();
    }
    let (status, text) = in_a_child("a_hook_that_waits_ends_the_program", "waiting");
    assert!(!status.success() && text.contains("a panic hook may not wait for other processes"), "{status}\n{text}");
}
