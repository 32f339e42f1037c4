//! Networks of plain sends and receives; each ends when its measuring process drops its ends.

use std::time::{Duration, Instant};

use csp::prelude::*;

use super::timed;
use crate::timing::{LOOPS_UNTIMED, WARM_UP};

/// Two processes: there and back.
pub(super) fn pingpong(round_trips: u64) -> Duration {
    let (requests_out, requests) = channel();
    let (replies_out, replies) = channel();
    let (time, ()) = par! {
        client(requests_out, replies, round_trips),
        forward(requests, replies_out),
    };
    timed(time)
}

#[process]
fn client(requests: Sender<u64>, replies: Receiver<u64>, round_trips: u64) -> Result<Duration, Stopped> {
    exchange(&requests, &replies, WARM_UP)?;
    let start = Instant::now();
    exchange(&requests, &replies, round_trips)?;
    Ok(start.elapsed())
}

fn exchange(requests: &Sender<u64>, replies: &Receiver<u64>, count: u64) -> Result<(), Stopped> {
    for request in 0..count {
        requests.send(request)?;
        assert_eq!(replies.recv()?, request + 1);
    }
    Ok(())
}

/// One process sends, the other receives.
pub(super) fn stream(messages: u64) -> Duration {
    let (sender, receiver) = channel();
    let (time, ()) = par! {
        consumer(receiver, WARM_UP, messages),
        producer(sender),
    };
    timed(time)
}

#[process]
fn producer(numbers: Sender<u64>) {
    for number in 0.. {
        numbers.send(number)?;
    }
}

/// Receives 0, 1, 2, … and times all but the first `untimed`.
#[process]
pub(super) fn consumer(numbers: Receiver<u64>, untimed: u64, timed: u64) -> Result<Duration, Stopped> {
    for expected in 0..untimed {
        assert_eq!(numbers.recv()?, expected);
    }
    let start = Instant::now();
    for expected in untimed..untimed + timed {
        assert_eq!(numbers.recv()?, expected);
    }
    Ok(start.elapsed())
}

/// `n` processes in a ring pass tokens, which each increments.
///
/// The first of them start with a token each, numbered as if it had come all the way from the origin.
pub(super) fn ring(n: usize, tokens: usize, laps: u64) -> Duration {
    let (first, mut left) = channel();
    let mut elements = Vec::new();
    for place in 1..n {
        let (right, next) = channel();
        elements.push(element(left, right, (place < tokens).then_some(place as u64)));
        left = next;
    }
    let (time, _) = par! {
        origin(first, left, n, tokens, laps),
        for element in elements => element,
    };
    timed(time)
}

/// Passes on its own token, where it has one, and then whatever comes.
#[process]
fn element(left: Receiver<u64>, right: Sender<u64>, token: Option<u64>) {
    if let Some(token) = token {
        right.send(token + 1)?;
    }
    for number in &left {
        right.send(number + 1)?;
    }
}

/// Passes on each number plus one.
#[process]
pub(super) fn forward(left: Receiver<u64>, right: Sender<u64>) {
    for number in &left {
        right.send(number + 1)?;
    }
}

/// Sends tokens round the ring, one lap untimed.
#[process]
fn origin(right: Sender<u64>, left: Receiver<u64>, n: usize, tokens: usize, laps: u64) -> Result<Duration, Stopped> {
    let mut token = 0;
    let mut start = Instant::now();
    for lap in 0..=laps {
        for _ in 0..tokens {
            right.send(token + 1)?;
            token = left.recv()?;
            assert_eq!(token, (lap + 1) * n as u64, "each of the {n} increments a token once a lap");
        }
        if lap == 0 {
            start = Instant::now();
        }
    }
    Ok(start.elapsed())
}

/// The occam benchmark, with a sequential delta that serves the consumer first.
pub(super) fn commstime(loops: u64) -> Duration {
    let (prefix_out, delta_in) = channel();
    let (delta_out, successor_in) = channel();
    let (successor_out, prefix_in) = channel();
    let (consumer_out, consumer_in) = channel();
    let (time, _, _, _) = par! {
        consumer(consumer_in, LOOPS_UNTIMED, loops),
        prefix(prefix_in, prefix_out),
        delta(delta_in, consumer_out, delta_out),
        forward(successor_in, successor_out),
    };
    timed(time)
}

#[process]
pub(super) fn prefix(input: Receiver<u64>, output: Sender<u64>) {
    output.send(0)?;
    for number in &input {
        output.send(number)?;
    }
}

#[process]
fn delta(input: Receiver<u64>, first: Sender<u64>, second: Sender<u64>) {
    for number in &input {
        first.send(number)?;
        second.send(number)?;
    }
}
