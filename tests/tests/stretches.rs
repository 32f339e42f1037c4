//! Who runs on which worker, if a replicator has thousands of branches: where each talks to the next, all workers have long stretches of
//! them; where all talk to one, they stay together.

mod child;
#[path = "child/with_workers.rs"]
mod with_workers;
#[path = "child/workers.rs"]
mod workers;

use csp::prelude::*;
use with_workers::is_child;
use workers::{at_last, worker};

const MANY: usize = 4096;
/// Of 512 each.
const STRETCHES: usize = 8;
/// An idle worker may take a few away from one that is held up.
const FEW: usize = MANY / 32;

/// A pipeline of such stages: whoever is before it sends here, and whoever is behind it receives there.
fn pipeline<P>(length: usize, stage: impl Fn(Receiver<u64>, Sender<u64>) -> P) -> (Sender<u64>, Vec<P>, Receiver<u64>) {
    let (numbers, mut left) = channel();
    let mut stages = Vec::new();
    for _ in 0..length {
        let (right, next) = channel();
        stages.push(stage(left, right));
        left = next;
    }
    (numbers, stages, left)
}

/// How many branches run on another worker than the one before.
fn changes(workers: &[Result<String, Stopped>]) -> usize {
    workers.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// How many run where the first one does.
fn on_one(workers: &[Result<String, Stopped>]) -> usize {
    workers.iter().filter(|worker| **worker == workers[0]).count()
}

#[process]
fn adds_one(left: Receiver<u64>, right: Sender<u64>) -> Result<String, Stopped> {
    for number in &left {
        right.send(number + 1)?;
    }
    Ok(worker())
}

#[process]
fn says_one(out: Sender<u64>) -> Result<String, Stopped> {
    out.send(1)?;
    Ok(worker())
}

#[test]
fn a_pipeline_is_cut_into_stretches() {
    if !is_child("a_pipeline_is_cut_into_stretches", "2") {
        return;
    }
    at_last(|| {
        let (numbers, stages, left) = pipeline(MANY, adds_one);
        let (_, workers, sums) = par! {
            move(numbers) {
                for number in 0..10 {
                    numbers.send(number)?;
                }
            },
            for stage in stages => stage,
            move(left) { left.iter().collect::<Vec<u64>>() },
        };
        assert_eq!(sums, (0..10).map(|number| number + MANY as u64).collect::<Vec<_>>());
        let (changes, of_one) = (changes(&workers), on_one(&workers));
        let as_wanted = (STRETCHES - 1..STRETCHES + 2 * FEW).contains(&changes) && of_one.abs_diff(MANY / 2) <= FEW;
        as_wanted.then_some(()).ok_or_else(|| format!("{changes} changes, {of_one} of {MANY} on one worker"))
    });
}

#[test]
fn all_that_talk_to_one_stay_together() {
    if !is_child("all_that_talk_to_one_stay_together", "2") {
        return;
    }
    at_last(|| {
        let (out, input) = channel();
        let (workers, sum) = par! {
            MANY * says_one(out),
            move(input) { input.iter().sum::<u64>() },
        };
        assert_eq!(sum, MANY as u64);
        let of_one = on_one(&workers);
        (of_one >= MANY - FEW).then_some(()).ok_or_else(|| format!("{of_one} of {MANY} on one worker"))
    });
}

#[test]
fn a_sieve_finds_its_primes_on_both_workers() {
    const PRIMES: usize = 2100;
    if !is_child("a_sieve_finds_its_primes_on_both_workers", "2") {
        return;
    }
    #[process]
    fn filter(left: Receiver<u64>, right: Sender<u64>) -> Result<u64, Stopped> {
        let prime = left.recv()?;
        for number in &left {
            if !number.is_multiple_of(prime) && right.send(number).is_err() {
                break;
            }
        }
        Ok(prime)
    }
    let (numbers, filters, left) = pipeline(PRIMES, filter);
    let (_, primes, last) = par! {
        move(numbers) {
            for number in 2.. {
                numbers.send(number)?;
            }
        },
        for filter in filters => filter,
        move(left) { left.recv() },
    };
    let primes: Vec<u64> = primes.into_iter().chain([last]).map(|prime| prime.expect("each finds one")).collect();
    let is_prime = |number: u64| {
        (2..).take_while(|divisor| divisor * divisor <= number).all(|divisor| !number.is_multiple_of(divisor))
    };
    let expected: Vec<u64> = (2..).filter(|number| is_prime(*number)).take(PRIMES + 1).collect();
    assert_eq!(primes, expected);
}
