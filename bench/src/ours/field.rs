//! The field's own benchmarks: commstime with a parallel delta, the ring of the occam-pi comparison, and choices under load.

use std::time::{Duration, Instant};

use csp::prelude::*;

use super::networks::{consumer, forward, prefix};
use super::timed;
use crate::timing::LOOPS_UNTIMED;

/// The occam benchmark with a parallel delta, which starts and ends two processes a loop.
pub(super) fn commstime_par(loops: u64) -> Duration {
    let (prefix_out, delta_in) = channel();
    let (delta_out, successor_in) = channel();
    let (successor_out, prefix_in) = channel();
    let (consumer_out, consumer_in) = channel();
    let (time, _, _, _) = par! {
        consumer(consumer_in, LOOPS_UNTIMED, loops),
        prefix(prefix_in, prefix_out),
        parallel_delta(delta_in, consumer_out, delta_out),
        forward(successor_in, successor_out),
    };
    timed(time)
}

#[process]
fn parallel_delta(input: Receiver<u64>, first: Sender<u64>, second: Sender<u64>) {
    for number in &input {
        let (first_sent, second_sent) = par! {
            output(&first, number),
            output(&second, number),
        };
        first_sent?;
        second_sent?;
    }
}

#[process]
fn output(to: &Sender<u64>, number: u64) -> Result<(), Stopped> {
    Ok(to.send(number)?)
}

/// The multi-token ring of ccsp-comparisons: the root injects the tokens, passes all of them on in each round, and collects
/// them at the end, when their sum says whether everybody has incremented each of them as often as he should.
pub(super) fn occam_ring(n: usize, tokens: usize, rounds: u64) -> Duration {
    let (first, mut left) = channel();
    let mut elements = Vec::new();
    for _ in 1..n {
        let (right, next) = channel();
        elements.push(stoppable(left, right));
        left = next;
    }
    let (time, _) = par! {
        root(first, left, n as u64, tokens as u64, rounds),
        for element in elements => element,
    };
    timed(time)
}

/// Passes on each token plus one, and ends after a 0.
#[process]
fn stoppable(left: Receiver<u64>, right: Sender<u64>) {
    for token in &left {
        if token == 0 {
            right.send(0)?;
            break;
        }
        right.send(token + 1)?;
    }
}

#[process]
fn root(right: Sender<u64>, left: Receiver<u64>, n: u64, tokens: u64, rounds: u64) -> Result<Duration, Stopped> {
    for token in 1..=tokens {
        right.send(token)?;
    }
    let mut start = Instant::now();
    for round in 0..=rounds {
        for _ in 0..tokens {
            right.send(left.recv()? + 1)?;
        }
        if round == 0 {
            start = Instant::now();
        }
    }
    let taken = start.elapsed();
    let mut sum = 0;
    for _ in 0..tokens {
        sum += left.recv()?;
    }
    assert_eq!(sum, tokens * (tokens + 1) / 2 + tokens * (n - 1 + n * (rounds + 1)));
    right.send(0)?;
    assert_eq!(left.recv()?, 0, "everybody has ended");
    Ok(taken)
}

/// One process chooses fairly over `channels` channels, each of which `writers` share.
pub(super) fn stressed_alt(channels: usize, writers: usize, messages: u64) -> Duration {
    let (shared, inputs): (Vec<_>, Vec<_>) = (0..channels).map(|_| channel()).unzip();
    let copies = shared.into_iter().flat_map(|end: Sender<u64>| std::iter::repeat_n(end, writers)).enumerate();
    let writing: Vec<_> = copies.map(|(name, end)| writer(name as u64, end)).collect();
    let (time, _) = par! {
        reader(inputs, channels * writers, messages),
        for writing in writing => writing,
    };
    timed(time)
}

/// Above this many bits of a message stands who has sent it.
const NAME: u32 = 40;

#[process]
fn writer(name: u64, numbers: Sender<u64>) {
    for number in 0.. {
        numbers.send((name << NAME) | number)?;
    }
}

#[process]
fn reader(inputs: Vec<Receiver<u64>>, writers: usize, messages: u64) -> Result<Duration, Stopped> {
    let mut next = vec![0; writers];
    let untimed = 2 * writers as u64; // everybody has begun
    let mut start = Instant::now();
    for count in 0..untimed + messages {
        if count == untimed {
            start = Instant::now();
        }
        alt! {
            for input in &inputs {
                input ? message => {
                    let expected = &mut next[(message >> NAME) as usize];
                    assert_eq!(message & ((1 << NAME) - 1), *expected);
                    *expected += 1;
                }
            }
        }
    }
    Ok(start.elapsed())
}
