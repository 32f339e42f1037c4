//! The least that two cores need to answer each other: a cache line that goes there and back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::timing::WARM_UP;

/// A number on a line of its own.
#[repr(align(128))]
struct Line(AtomicU64);

/// One thread writes an odd number, the other answers with the next even one, `round_trips` over.
pub(super) fn round_trips(round_trips: u64) -> Duration {
    let line = Line(AtomicU64::new(0));
    let all = WARM_UP + round_trips;
    std::thread::scope(|threads| {
        threads.spawn(|| (0..all).for_each(|round| step(&line, 2 * round + 1)));
        (0..WARM_UP).for_each(|round| ask(&line, round));
        let start = Instant::now();
        (WARM_UP..all).for_each(|round| ask(&line, round));
        start.elapsed()
    })
}

fn ask(line: &Line, round: u64) {
    step(line, 2 * round);
    while line.0.load(Ordering::Acquire) != 2 * round + 2 {
        std::hint::spin_loop();
    }
}

/// Waits for `number`, and writes the next one.
fn step(line: &Line, number: u64) {
    while line.0.load(Ordering::Acquire) != number {
        std::hint::spin_loop();
    }
    line.0.store(number + 1, Ordering::Release);
}
