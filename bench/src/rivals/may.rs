//! may's stackful coroutines; its channels are unbounded, so a send never waits: an easier task than ours.

use std::time::{Duration, Instant};

use may::coroutine::{JoinHandle, yield_now};
use may::go;
use may::sync::spsc::{Receiver, Sender, channel};

use super::Gone;
use crate::cell::{Cell, Outcome};
use crate::timing::{LOOPS_UNTIMED, WARM_UP, ns_per_round};
use crate::workload::Workload;

/// Runs `cell`. There is no `stream`, `choice` or `primes`: a sender that nothing holds back fills the memory.
///
/// # Panics
/// If there is no such program, or a result is wrong.
pub(super) fn run(cell: Cell) -> Outcome {
    match cell.workload {
        Workload::Pingpong => ns_per_round(|trips| measured(pingpong(trips))).into(),
        Workload::Commstime => ns_per_round(|loops| measured(commstime(loops))).into(),
        Workload::Ring => {
            let n = cell.params.n();
            (ns_per_round(|laps| measured(ring(n, laps))) / n as f64).into()
        }
        Workload::Switch => ns_per_round(|times| measured(switch(times))).into(),
        other => panic!("{} has no {}", cell.subject.name(), other.name()),
    }
}

type Timed = Result<Duration, Gone>;

fn measured(measuring: JoinHandle<Timed>) -> Duration {
    let result = measuring.join().expect("who measures counts correctly");
    result.expect("nobody leaves before the one that measures")
}

fn send(sender: &Sender<u64>, message: u64) -> Result<(), Gone> {
    sender.send(message).map_err(|_| Gone)
}

fn recv(receiver: &Receiver<u64>) -> Result<u64, Gone> {
    receiver.recv().map_err(|_| Gone)
}

/// Two coroutines: there and back.
fn pingpong(round_trips: u64) -> JoinHandle<Timed> {
    let (requests_out, requests) = channel();
    let (replies_out, replies) = channel();
    go!(move || forward(&requests, &replies_out));
    go!(move || {
        let exchange = |count: u64| -> Result<(), Gone> {
            for request in 0..count {
                send(&requests_out, request)?;
                assert_eq!(recv(&replies)?, request + 1);
            }
            Ok(())
        };
        exchange(WARM_UP)?;
        let start = Instant::now();
        exchange(round_trips)?;
        Ok(start.elapsed())
    })
}

/// `n` coroutines in a ring pass one token, which each increments.
fn ring(n: usize, laps: u64) -> JoinHandle<Timed> {
    let (first, mut left) = channel();
    for _ in 1..n {
        let (right, next) = channel();
        go!(move || forward(&left, &right));
        left = next;
    }
    go!(move || {
        let mut token = 0;
        let mut start = Instant::now();
        for lap in 0..=laps {
            send(&first, token + 1)?;
            token = recv(&left)?;
            assert_eq!(token, (lap + 1) * n as u64, "each of the {n} increments the token once a lap");
            if lap == 0 {
                start = Instant::now();
            }
        }
        Ok(start.elapsed())
    })
}

/// The occam benchmark, with a sequential delta that serves the consumer first.
fn commstime(loops: u64) -> JoinHandle<Timed> {
    let (prefix_out, delta_in) = channel();
    let (delta_out, successor_in) = channel();
    let (successor_out, prefix_in) = channel();
    let (consumer_out, consumer_in) = channel();
    go!(move || -> Result<(), Gone> {
        send(&prefix_out, 0)?;
        loop {
            send(&prefix_out, recv(&prefix_in)?)?;
        }
    });
    go!(move || -> Result<(), Gone> {
        loop {
            let number = recv(&delta_in)?;
            send(&consumer_out, number)?;
            send(&delta_out, number)?;
        }
    });
    go!(move || forward(&successor_in, &successor_out));
    go!(move || {
        for expected in 0..LOOPS_UNTIMED {
            assert_eq!(recv(&consumer_in)?, expected);
        }
        let start = Instant::now();
        for expected in LOOPS_UNTIMED..LOOPS_UNTIMED + loops {
            assert_eq!(recv(&consumer_in)?, expected);
        }
        Ok(start.elapsed())
    })
}

/// One coroutine yields.
fn switch(times: u64) -> JoinHandle<Timed> {
    go!(move || {
        (0..WARM_UP).for_each(|_| yield_now());
        let start = Instant::now();
        (0..times).for_each(|_| yield_now());
        Ok(start.elapsed())
    })
}

/// Passes on each number plus one.
fn forward(left: &Receiver<u64>, right: &Sender<u64>) -> Result<(), Gone> {
    loop {
        send(right, recv(left)? + 1)?;
    }
}
