//! The sieve of Eratosthenes with one process a prime, each of which sifts out the multiples of its own.

use std::time::{Duration, Instant};

use csp::prelude::*;

use crate::primes;

/// Milliseconds to start a sieve for the first `n` primes and let it find them.
pub(super) fn primes(n: usize) -> f64 {
    let expected = primes::first(n);
    let start = Instant::now();
    let (numbers, mut left) = channel();
    let mut filters = Vec::new();
    for _ in 1..n {
        let (right, next) = channel();
        filters.push(filter(left, right));
        left = next;
    }
    let (last, found, ()) = par! {
        take_last(left, start),
        for filter in filters => filter,
        generator(numbers),
    };
    let (last, taken) = last.expect("the sieve stays until it has found the last one");
    let found: Result<Vec<u64>, Stopped> = found.into_iter().chain([Ok(last)]).collect();
    assert_eq!(found, Ok(expected));
    taken.as_secs_f64() * 1e3
}

#[process]
fn generator(numbers: Sender<u64>) {
    for number in 2.. {
        numbers.send(number)?;
    }
}

/// Keeps the first number, a prime, and passes on what it does not divide until nobody wants more.
#[process]
fn filter(left: Receiver<u64>, right: Sender<u64>) -> Result<u64, Stopped> {
    let prime = left.recv()?;
    for number in &left {
        if number % prime != 0 && right.send(number).is_err() {
            break;
        }
    }
    Ok(prime)
}

#[process]
fn take_last(left: Receiver<u64>, start: Instant) -> Result<(u64, Duration), Stopped> {
    let prime = left.recv()?;
    Ok((prime, start.elapsed()))
}
