//! crossbeam-channel's `bounded(0)`, and its `Select` over several of them.

use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, Sender, bounded};

use super::{Gone, Rival};
use crate::timing::WARM_UP;

pub(super) struct Crossbeam;

impl Rival for Crossbeam {
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
pub(super) fn inputs(messages: u64) -> Duration {
    selecting(8, 0, messages)
}

/// One thread selects over 4 writers to read from and 4 readers to write to.
pub(super) fn mixed(messages: u64) -> Duration {
    selecting(4, 4, messages)
}

/// One thread selects over `inputs` writers and `outputs` readers.
pub(super) fn selecting(inputs: usize, outputs: usize, messages: u64) -> Duration {
    let (writers, receivers): (Vec<_>, Vec<_>) = (0..inputs).map(|_| bounded::<u64>(0)).unzip();
    let (senders, readers): (Vec<_>, Vec<_>) = (0..outputs).map(|_| bounded::<u64>(0)).unzip();
    thread::scope(|scope| {
        for writer in writers {
            scope.spawn(move || (0..).try_for_each(|number| writer.send(number)));
        }
        for reader in readers {
            scope.spawn(move || {
                for (expected, number) in reader.iter().enumerate() {
                    assert_eq!(number, expected as u64);
                }
            });
        }
        let chooser = scope.spawn(move || {
            let mut next_in = vec![0; inputs];
            let mut next_out = vec![0; outputs];
            let mut select = Select::new(); // kept from one selection to the next
            for receiver in &receivers {
                select.recv(receiver);
            }
            for sender in &senders {
                select.send(sender);
            }
            let mut exchange = |count: u64| {
                for _ in 0..count {
                    let operation = select.select();
                    let index = operation.index();
                    if index < inputs {
                        assert_eq!(operation.recv(&receivers[index]), Ok(next_in[index]));
                        next_in[index] += 1;
                    } else {
                        let index = index - inputs;
                        operation.send(&senders[index], next_out[index]).expect("readers stay");
                        next_out[index] += 1;
                    }
                }
            };
            exchange(WARM_UP);
            let start = Instant::now();
            exchange(messages);
            start.elapsed()
        });
        chooser.join().expect("the chooser counts correctly")
    })
}

/// One thread selects over `channels` channels, each of which `writers` share.
pub(super) fn stressed(channels: usize, writers: usize, messages: u64) -> Duration {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..channels).map(|_| bounded::<u64>(0)).unzip();
    thread::scope(|scope| {
        for (name, sender) in (0..channels as u64 * writers as u64).zip(senders.iter().cycle().cloned()) {
            scope.spawn(move || (0..).try_for_each(|number| sender.send((name << NAME) | number)));
        }
        drop(senders);
        let reader = scope.spawn(move || {
            let mut next = vec![0; channels * writers];
            let mut select = Select::new();
            for receiver in &receivers {
                select.recv(receiver);
            }
            let mut exchange = |count: u64| {
                for _ in 0..count {
                    let operation = select.select();
                    let index = operation.index();
                    let message = operation.recv(&receivers[index]).expect("writers stay");
                    let expected = &mut next[(message >> NAME) as usize];
                    assert_eq!(message & ((1 << NAME) - 1), *expected);
                    *expected += 1;
                }
            };
            exchange(2 * (channels * writers) as u64); // everybody has begun
            let start = Instant::now();
            exchange(messages);
            start.elapsed()
        });
        reader.join().expect("the reader counts correctly")
    })
}

/// Above this many bits of a message stands who has sent it.
const NAME: u32 = 40;
