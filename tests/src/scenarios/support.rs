//! What scenarios have in common: panics as text, results as causes, ends in structs, values that count their drops.

use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use csp::prelude::*;
use csp::{Cause, CauseKind, Refusal};

use crate::harness::backend_name;

/// Whether processes are OS processes here. Then those that share memory are refused, and this asserts that `run` says so.
pub(crate) fn refused_where_memory_is_apart(run: impl FnOnce()) -> bool {
    if backend_name() != "processes" {
        run();
        return false;
    }
    // The harness wants to hear from somebody.
    crate::harness::here_in_main();
    let text = panic_of(run);
    assert!(text.contains("shares_memory") || text.contains("channel::local"), "{text}");
    true
}

/// The text that a panic carries.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without text".into(),
    }
}

/// Runs `body`, which must panic, and gives the panic's text.
#[track_caller]
pub(crate) fn panic_of<R>(body: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(_) => panic!("this should have panicked"),
        Err(panic) => panic_text(&*panic),
    }
}

/// The line of a scenario's own file that ends with the comment `//@ mark`.
pub(crate) fn line_of(source: &str, mark: &str) -> usize {
    let wanted = format!("//@ {mark}");
    1 + source.lines().position(|line| line.ends_with(&wanted)).expect("the mark is there")
}

/// The cause of a result that must be poison.
#[track_caller]
pub(crate) fn poisoned<T: Debug>(result: Result<T, Stopped>) -> Cause {
    match result {
        Err(Stopped::Poisoned(cause)) => cause,
        other => panic!("should be Poisoned, is {other:?}"),
    }
}

/// The kind of the cause of a result that must be poison.
#[track_caller]
pub(crate) fn poison_kind<T: Debug>(result: Result<T, Stopped>) -> CauseKind {
    poisoned(result).kind()
}

/// Asserts that a result is `Retired`.
#[track_caller]
pub(crate) fn retired<T: Debug>(result: Result<T, Stopped>) {
    match result {
        Err(Stopped::Retired) => {}
        other => panic!("should be Retired, is {other:?}"),
    }
}

/// Asserts that an attempt to receive found nobody.
#[track_caller]
pub(crate) fn nobody<T: Debug>(attempt: Result<T, Refusal>) {
    match attempt {
        Err(Refusal::NotReady) => {}
        other => panic!("should be NotReady, is {other:?}"),
    }
}

/// Offers `value` until a receiver waits for it: when this returns, one was waiting.
pub(crate) fn send_to_a_waiting<T: Message>(sender: &Sender<T>, mut value: T) {
    loop {
        match sender.try_send(value) {
            Ok(()) => return,
            Err(refused) if matches!(refused.reason, Refusal::NotReady) => value = refused.value,
            Err(refused) => panic!("the receiver is gone: {:?}", refused.reason),
        }
        csp::yield_now();
    }
}

/// Asks until a sender waits with a value: when this returns, one was waiting.
pub(crate) fn recv_from_a_waiting<T: Message>(receiver: &Receiver<T>) -> T {
    loop {
        match receiver.try_recv() {
            Ok(value) => return value,
            Err(Refusal::NotReady) => csp::yield_now(),
            Err(reason) => panic!("the sender is gone: {reason:?}"),
        }
    }
}

/// Lets others run, if they want to: on every backend, a failing attempt is an occasion for that.
pub(crate) fn lets_others_come(times: usize) {
    let (_spare_out, spare) = channel::<()>();
    for _ in 0..times {
        nobody(spare.try_recv());
        csp::yield_now();
    }
}

/// A channel that holds as many values as there are, already filled: a guard on it is ready for certain.
pub(crate) fn filled<T: Message>(values: impl IntoIterator<Item = T>) -> (Sender<T>, Receiver<T>) {
    let values: Vec<T> = values.into_iter().collect();
    let (sender, receiver) = channel::buffered(values.len());
    for value in values {
        assert!(sender.try_send(value).is_ok(), "a buffer of n takes n values at once");
    }
    (sender, receiver)
}

/// Sends what it is given, and ends.
#[process]
pub(crate) fn source<T: Message>(values: Vec<T>, out: Sender<T>) {
    crate::harness::here();
    for value in values {
        out.send(value)?;
    }
}

/// Sends numbers as long as somebody wants them.
#[process]
pub(crate) fn counts_up(out: Sender<u32>) {
    crate::harness::here();
    for value in 0.. {
        out.send(value)?;
    }
}

/// Receives until its channel is retired, and gives back what came.
#[process]
pub(crate) fn sink<T: Message>(input: Receiver<T>) -> Vec<T> {
    crate::harness::here();
    input.iter().collect()
}

/// Counts the drops of the values made from it (for local channels: a count is shared memory).
#[derive(Clone, Default)]
pub(crate) struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn value(&self) -> Counted {
        Counted(self.clone())
    }
}

/// A value whose drop is counted.
pub(crate) struct Counted(Drops);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs this scenario again in a program of its own, which knows by the environment that it is that one; gives what it printed.
pub(super) fn in_a_program_of_its_own(scenario: &str, environment: (&str, &str)) -> Option<String> {
    const MARK: &str = "CSP_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return None;
    }
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args(["--run", scenario, "--backend", backend_name(), "--as-is"])
        .env(MARK, "1")
        .env(environment.0, environment.1)
        .output()
        .expect("this program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("it prints text"))
}
