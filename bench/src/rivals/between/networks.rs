//! Networks of forked processes that pass numbers, the same over every wire. Each process knows when it is done.

use std::time::{Duration, Instant};

use super::Numbers;
use crate::forked::Forked;
use crate::timing::WARM_UP;

/// Two processes: there and back.
pub(super) fn pingpong<R: Numbers>(round_trips: u64) -> Duration {
    let mut yard = R::yard(2, 2);
    let (mut requests_out, mut requests) = R::wire(&mut yard);
    let (mut replies_out, mut replies) = R::wire(&mut yard);
    let server = Forked::start(move || {
        for expected in (0..WARM_UP).chain(0..round_trips) {
            let request = R::recv(&mut requests);
            assert_eq!(request, expected);
            R::send(&mut replies_out, request + 1);
        }
    });
    let mut exchange = |count: u64| {
        for request in 0..count {
            R::send(&mut requests_out, request);
            assert_eq!(R::recv(&mut replies), request + 1);
        }
    };
    exchange(WARM_UP);
    let start = Instant::now();
    exchange(round_trips);
    let taken = start.elapsed();
    server.join();
    taken
}

/// One process sends, the other receives.
pub(super) fn stream<R: Numbers>(messages: u64) -> Duration {
    let mut yard = R::yard(1, 2);
    let (mut sender, mut receiver) = R::wire(&mut yard);
    let producer = Forked::start(move || (0..WARM_UP + messages).for_each(|number| R::send(&mut sender, number)));
    for expected in 0..WARM_UP {
        assert_eq!(R::recv(&mut receiver), expected);
    }
    let start = Instant::now();
    for expected in WARM_UP..WARM_UP + messages {
        assert_eq!(R::recv(&mut receiver), expected);
    }
    let taken = start.elapsed();
    producer.join();
    taken
}

/// `n` processes in a ring pass tokens, which each increments.
///
/// The first of them start with a token each, numbered as if it had come all the way from the origin, which is here.
pub(super) fn ring<R: Numbers>(n: usize, tokens: usize, laps: u64) -> Duration {
    let mut yard = R::yard(n, n);
    let (mut first, mut left) = R::wire(&mut yard);
    let mut elements = Vec::new();
    for place in 1..n {
        let (mut right, next) = R::wire(&mut yard);
        elements.push(Forked::start(move || {
            let own = place < tokens;
            if own {
                R::send(&mut right, place as u64 + 1);
            }
            let passed = (laps + 1) * tokens as u64;
            for _ in u64::from(own)..passed {
                let token = R::recv(&mut left);
                R::send(&mut right, token + 1);
            }
            if own {
                R::recv(&mut left); // who began with a token ends with one, and nobody waits for ever
            }
        }));
        left = next;
    }
    let mut token = 0;
    let mut start = Instant::now();
    for lap in 0..=laps {
        for _ in 0..tokens {
            R::send(&mut first, token + 1);
            token = R::recv(&mut left);
            assert_eq!(token, (lap + 1) * n as u64, "each of the {n} increments a token once a lap");
        }
        if lap == 0 {
            start = Instant::now();
        }
    }
    let taken = start.elapsed();
    elements.into_iter().for_each(Forked::join);
    taken
}
