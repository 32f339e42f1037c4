//! One process that chooses fairly over many channels, with input guards and with output guards too.

use std::time::{Duration, Instant};

use csp::prelude::*;

use super::timed;
use crate::timing::WARM_UP;

/// One reader chooses over 8 writers, each of which counts up.
pub(super) fn inputs(messages: u64) -> Duration {
    choosing(8, 0, messages)
}

/// One process chooses over 4 writers to read from and 4 readers to write to.
pub(super) fn mixed(messages: u64) -> Duration {
    choosing(4, 4, messages)
}

/// One process chooses over `inputs` writers and `outputs` readers.
pub(super) fn choosing(inputs: usize, outputs: usize, messages: u64) -> Duration {
    let (writers, receivers): (Vec<_>, Vec<_>) = (0..inputs).map(|_| channel()).unzip();
    let (senders, readers): (Vec<_>, Vec<_>) = (0..outputs).map(|_| channel()).unzip();
    let (time, _, _) = par! {
        chooser(receivers, senders, messages),
        for numbers in writers => writer(numbers),
        for numbers in readers => reader(numbers),
    };
    timed(time)
}

#[process]
fn writer(numbers: Sender<u64>) {
    for number in 0.. {
        numbers.send(number)?;
    }
}

#[process]
fn reader(numbers: Receiver<u64>) {
    for (expected, number) in numbers.iter().enumerate() {
        assert_eq!(number, expected as u64);
    }
}

#[process]
fn chooser(inputs: Vec<Receiver<u64>>, outputs: Vec<Sender<u64>>, messages: u64) -> Result<Duration, Stopped> {
    let mut next_in = vec![0; inputs.len()];
    let mut next_out = vec![0; outputs.len()];
    let mut start = Instant::now();
    for count in 0..WARM_UP + messages {
        if count == WARM_UP {
            start = Instant::now();
        }
        alt! {
            for (index, input) in inputs.iter().enumerate() {
                input ? number => {
                    assert_eq!(number, next_in[index]);
                    next_in[index] += 1;
                }
            }
            for (index, output) in outputs.iter().enumerate() {
                output ! next_out[index] => next_out[index] += 1,
            }
        }
    }
    Ok(start.elapsed())
}
