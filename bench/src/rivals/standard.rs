//! The standard library's `sync_channel(0)` and scoped threads.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Gone, Rival};
use crate::timing::WARM_UP;

pub(super) struct Std;

impl Rival for Std {
    type Sender = SyncSender<u64>;
    type Receiver = Receiver<u64>;

    fn rendezvous() -> (SyncSender<u64>, Receiver<u64>) {
        sync_channel(0)
    }

    fn send(sender: &SyncSender<u64>, message: u64) -> Result<(), Gone> {
        sender.send(message).map_err(|_| Gone)
    }

    fn recv(receiver: &Receiver<u64>) -> Result<u64, Gone> {
        receiver.recv().map_err(|_| Gone)
    }
}

/// Starts two threads that exchange one message, and waits for both; `times` over.
pub(super) fn spawn(times: u64) -> Duration {
    (0..WARM_UP).for_each(exchange);
    let start = Instant::now();
    (0..times).for_each(exchange);
    start.elapsed()
}

fn exchange(message: u64) {
    let (sender, receiver) = sync_channel(0);
    let received = thread::scope(|scope| {
        scope.spawn(move || sender.send(message));
        let receiver = scope.spawn(move || receiver.recv());
        receiver.join()
    });
    assert_eq!(received.ok(), Some(Ok(message)));
}
