//! flume's `bounded(0)`, and its `Selector` over several of them.

use std::thread;
use std::time::{Duration, Instant};

use flume::{Receiver, Selector, Sender, bounded};

use super::{Gone, Rival};
use crate::timing::WARM_UP;

pub(super) struct Flume;

impl Rival for Flume {
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn rendezvous() -> (Sender<u64>, Receiver<u64>) {
        bounded(0)
    }

    fn send(sender: &Sender<u64>, message: u64) -> Result<(), Gone> {
        sender.send(message).map_err(|_| Gone)
    }

    fn recv(receiver: &Receiver<u64>) -> Result<u64, Gone> {
        receiver.recv().map_err(|_| Gone)
    }
}

/// One reader selects over 8 writers, each of which counts up.
///
/// There is no `mixed`: `Selector::send` queues its message before the selection is decided, so a reader
/// gets messages of selections that took another branch (flume 0.12 `select.rs`, `SendSelection::init`).
pub(super) fn inputs(messages: u64) -> Duration {
    let (writers, receivers): (Vec<_>, Vec<_>) = (0..8).map(|_| bounded::<u64>(0)).unzip();
    thread::scope(|scope| {
        for writer in writers {
            scope.spawn(move || (0..).try_for_each(|number| writer.send(number)));
        }
        let reader = scope.spawn(move || {
            let mut next = [0; 8];
            let mut exchange = |count: u64| {
                for _ in 0..count {
                    let mut selector = Selector::new(); // a wait consumes it
                    for (index, receiver) in receivers.iter().enumerate() {
                        selector = selector.recv(receiver, move |number| (index, number));
                    }
                    let (index, number) = selector.wait();
                    assert_eq!(number, Ok(next[index]));
                    next[index] += 1;
                }
            };
            exchange(WARM_UP);
            let start = Instant::now();
            exchange(messages);
            start.elapsed()
        });
        reader.join().expect("the reader counts correctly")
    })
}
