//! Networks of plain sends and receives, the same for every rival; each ends when an end is dropped.

use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use super::{Gone, Rival};
use crate::timing::{LOOPS_UNTIMED, WARM_UP};

/// Two threads: there and back.
pub(super) fn pingpong<R: Rival>(round_trips: u64) -> Duration {
    let (requests_out, requests) = R::rendezvous();
    let (replies_out, replies) = R::rendezvous();
    thread::scope(|scope| {
        scope.spawn(move || -> Result<(), Gone> {
            loop {
                let request = R::recv(&requests)?;
                R::send(&replies_out, request + 1)?;
            }
        });
        let client = scope.spawn(move || {
            let exchange = |count: u64| -> Result<(), Gone> {
                for request in 0..count {
                    R::send(&requests_out, request)?;
                    assert_eq!(R::recv(&replies)?, request + 1);
                }
                Ok(())
            };
            exchange(WARM_UP)?;
            let start = Instant::now();
            exchange(round_trips)?;
            Ok::<_, Gone>(start.elapsed())
        });
        outcome(client.join())
    })
}

/// One thread sends, the other receives.
pub(super) fn stream<R: Rival>(messages: u64) -> Duration {
    let (sender, receiver) = R::rendezvous();
    thread::scope(|scope| {
        scope.spawn(move || (0..).try_for_each(|number| R::send(&sender, number)));
        let consumer = scope.spawn(move || timed_consumer::<R>(&receiver, WARM_UP, messages));
        outcome(consumer.join())
    })
}

/// `n` threads in a ring pass one token, which each increments.
pub(super) fn ring<R: Rival>(n: usize, laps: u64) -> Duration {
    thread::scope(|scope| {
        let (first, mut left) = R::rendezvous();
        for _ in 1..n {
            let (right, next) = R::rendezvous();
            scope.spawn(move || forward::<R>(&left, &right));
            left = next;
        }
        let origin = scope.spawn(move || timed_laps::<R>(&first, &left, n, laps));
        outcome(origin.join())
    })
}

/// The multi-token ring of ccsp-comparisons: injected, passed on round by round, collected and summed up.
pub(super) fn occam_ring<R: Rival>(n: usize, tokens: usize, rounds: u64) -> Duration {
    thread::scope(|scope| {
        let (first, mut left) = R::rendezvous();
        for _ in 1..n {
            let (right, next) = R::rendezvous();
            scope.spawn(move || -> Result<(), Gone> {
                loop {
                    match R::recv(&left)? {
                        0 => return R::send(&right, 0),
                        token => R::send(&right, token + 1)?,
                    }
                }
            });
            left = next;
        }
        let (n, tokens) = (n as u64, tokens as u64);
        let root = scope.spawn(move || -> Result<Duration, Gone> {
            (1..=tokens).try_for_each(|token| R::send(&first, token))?;
            let mut start = Instant::now();
            for round in 0..=rounds {
                (0..tokens).try_for_each(|_| R::send(&first, R::recv(&left)? + 1))?;
                if round == 0 {
                    start = Instant::now();
                }
            }
            let taken = start.elapsed();
            let sum: u64 = (0..tokens).map(|_| R::recv(&left)).sum::<Result<u64, Gone>>()?;
            assert_eq!(sum, tokens * (tokens + 1) / 2 + tokens * (n - 1 + n * (rounds + 1)));
            R::send(&first, 0)?;
            assert_eq!(R::recv(&left)?, 0, "everybody has ended");
            Ok(taken)
        });
        outcome(root.join())
    })
}

/// Milliseconds to start a ring of `n` threads with small stacks, pass the token round it once more, and end it.
pub(super) fn limit<R: Rival>(n: usize) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        let small = || Builder::new().stack_size(64 << 10);
        let (first, mut left) = R::rendezvous();
        for _ in 1..n {
            let (right, next) = R::rendezvous();
            small().spawn_scoped(scope, move || forward::<R>(&left, &right)).expect("a thread");
            left = next;
        }
        let origin = small().spawn_scoped(scope, move || timed_laps::<R>(&first, &left, n, 1)).expect("a thread");
        outcome(origin.join());
    });
    start.elapsed().as_secs_f64() * 1e3
}

/// The occam benchmark, with a sequential delta that serves the consumer first.
pub(super) fn commstime<R: Rival>(loops: u64) -> Duration {
    let (prefix_out, delta_in) = R::rendezvous();
    let (delta_out, successor_in) = R::rendezvous();
    let (successor_out, prefix_in) = R::rendezvous();
    let (consumer_out, consumer_in) = R::rendezvous();
    thread::scope(|scope| {
        scope.spawn(move || -> Result<(), Gone> {
            R::send(&prefix_out, 0)?;
            loop {
                R::send(&prefix_out, R::recv(&prefix_in)?)?;
            }
        });
        scope.spawn(move || -> Result<(), Gone> {
            loop {
                let number = R::recv(&delta_in)?;
                R::send(&consumer_out, number)?;
                R::send(&delta_out, number)?;
            }
        });
        scope.spawn(move || forward::<R>(&successor_in, &successor_out));
        let consumer = scope.spawn(move || timed_consumer::<R>(&consumer_in, LOOPS_UNTIMED, loops));
        outcome(consumer.join())
    })
}

/// Passes on each number plus one.
fn forward<R: Rival>(left: &R::Receiver, right: &R::Sender) -> Result<(), Gone> {
    loop {
        R::send(right, R::recv(left)? + 1)?;
    }
}

/// Sends a token round the ring, one lap untimed.
fn timed_laps<R: Rival>(right: &R::Sender, left: &R::Receiver, n: usize, laps: u64) -> Result<Duration, Gone> {
    let mut token = 0;
    let mut start = Instant::now();
    for lap in 0..=laps {
        R::send(right, token + 1)?;
        token = R::recv(left)?;
        assert_eq!(token, (lap + 1) * n as u64, "each of the {n} increments the token once a lap");
        if lap == 0 {
            start = Instant::now();
        }
    }
    Ok(start.elapsed())
}

/// Receives 0, 1, 2, … and times all but the first `untimed`.
fn timed_consumer<R: Rival>(numbers: &R::Receiver, untimed: u64, timed: u64) -> Result<Duration, Gone> {
    for expected in 0..untimed {
        assert_eq!(R::recv(numbers)?, expected);
    }
    let start = Instant::now();
    for expected in untimed..untimed + timed {
        assert_eq!(R::recv(numbers)?, expected);
    }
    Ok(start.elapsed())
}

fn outcome(joined: thread::Result<Result<Duration, Gone>>) -> Duration {
    match joined {
        Ok(timed) => timed.expect("nobody leaves before the one that measures"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
