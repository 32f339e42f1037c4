//! Whose turn it is on a worker, and how many workers there are.

mod child;
#[path = "child/with_workers.rs"]
mod with_workers;
#[path = "child/workers.rs"]
mod workers;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use child::is_part;
use csp::Config;
use csp::prelude::*;
use with_workers::is_child;
use workers::{at_last, worker};

const ALL: usize = 7;
const ROUNDS: usize = 200;

/// Who had its turn, in order, since all have begun.
#[derive(Default)]
struct Turns {
    begun: AtomicUsize,
    of: Mutex<Vec<usize>>,
}

#[process(shares_memory)]
fn takes_turns(own: usize, turns: Arc<Turns>) {
    turns.begun.fetch_add(1, Ordering::SeqCst);
    while turns.begun.load(Ordering::SeqCst) < ALL {
        csp::yield_now();
    }
    for _ in 0..ROUNDS {
        turns.of.lock().expect("nobody panics with it").push(own);
        csp::yield_now();
    }
}

#[test]
fn those_that_are_ready_run_in_turn() {
    if !is_child("those_that_are_ready_run_in_turn", "1") {
        return;
    }
    let turns = Arc::<Turns>::default();
    par! { for own in 0..ALL => takes_turns(own, turns.clone()) };
    let of = turns.of.lock().expect("nobody panics with it");
    assert_eq!(of.len(), ALL * ROUNDS);
    let (first, rest) = of.split_at(ALL);
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), ALL, "{first:?}");
    for round in rest.chunks(ALL) {
        assert_eq!(round, first, "the next round differs");
    }
}

#[process]
fn says_its_worker() -> String {
    worker()
}

/// Threads launch on the workers by turns.
fn workers_of(launches: usize) -> BTreeSet<String> {
    let launch = |_| thread::spawn(|| par! { says_its_worker() }).join().expect("it only launches");
    (0..launches).map(launch).collect()
}

/// What the program sets is stronger than its environment.
#[test]
fn the_program_says_how_many_workers_there_are() {
    const TEST: &str = "the_program_says_how_many_workers_there_are";
    for (part, count) in [("one", 1), ("three", 3)] {
        if is_part(part) {
            Config::new().workers(count).set().expect("nothing has been used before");
            let seen =
                at_last(|| Some(workers_of(12)).filter(|seen| seen.len() >= count).ok_or_else(|| "fewer".to_owned()));
            return assert_eq!(seen, (0..count).map(|number| format!("csp-worker-{number}")).collect());
        }
    }
    for part in ["one", "three"] {
        let (status, text) = child::run(TEST, part, &[("CSP_WORKERS", "2")]);
        assert!(status.success(), "{part}: {status}\n{text}");
    }
}
