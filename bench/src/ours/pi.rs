//! Monte Carlo π: the farm in its simplest form.

use std::time::Instant;

use csp::prelude::*;

use crate::cell::Outcome;
use crate::pi;

/// Estimates π with `workers` workers, whose start is timed too.
pub(super) fn pi(workers: usize) -> Outcome {
    let start = Instant::now();
    let (bags_out, bags) = channel();
    let (hits_out, hits) = channel();
    let ((), _, inside) = par! {
        bag_maker(bags_out),
        workers * worker(bags, hits_out),
        counter(hits),
    };
    pi::outcome(start.elapsed(), inside)
}

#[process]
fn bag_maker(bags: Sender<u64>) {
    for bag in 0..pi::BAGS {
        bags.send(bag)?;
    }
}

#[process]
fn worker(bags: Receiver<u64>, hits: Sender<u64>) {
    for bag in &bags {
        hits.send(pi::hits(bag))?;
        csp::yield_now(); // on coroutines the others may share this core
    }
}

#[process]
fn counter(hits: Receiver<u64>) -> u64 {
    hits.iter().sum()
}
