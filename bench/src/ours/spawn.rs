//! A `par!` of two processes that live for one message.

use std::time::{Duration, Instant};

use csp::prelude::*;

use crate::timing::WARM_UP;

/// Runs two processes that exchange one message, `times` over, once all is warm.
pub(super) fn spawn(times: u64) -> Duration {
    (0..WARM_UP).for_each(exchange);
    let start = Instant::now();
    (0..times).for_each(exchange);
    start.elapsed()
}

fn exchange(message: u64) {
    let (sender, receiver) = channel();
    let ((), received) = par! {
        give(sender, message),
        take(receiver),
    };
    assert_eq!(received, Ok(message));
}

/// Runs one process that sends a message to its starter, `times` over, once all is warm.
pub(super) fn alone(times: u64) -> Duration {
    (0..WARM_UP).for_each(hear);
    let start = Instant::now();
    (0..times).for_each(hear);
    start.elapsed()
}

fn hear(message: u64) {
    let (sender, receiver) = channel();
    let sending = spawn!(give(sender, message));
    assert_eq!(receiver.recv(), Ok(message));
    sending.join();
}

#[process]
fn give(sender: Sender<u64>, message: u64) {
    sender.send(message)?;
}

#[process]
fn take(receiver: Receiver<u64>) -> Result<u64, Stopped> {
    receiver.recv()
}
