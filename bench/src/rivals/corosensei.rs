//! corosensei: a bare coroutine, resumed and suspended without a scheduler, is the measure of what ours cost.

use std::time::{Duration, Instant};

use corosensei::{Coroutine, CoroutineResult};

use crate::timing::WARM_UP;

/// Resumes a coroutine that only counts how often, `times` over; each time it is suspended again.
pub(super) fn switch(times: u64) -> Duration {
    let mut counter = Coroutine::<bool, u64, u64>::new(|yielder, mut more| {
        let mut count = 0;
        while more {
            count += 1;
            more = yielder.suspend(count);
        }
        count
    });
    let mut exchange = |first: u64, count: u64| {
        for expected in first..first + count {
            assert_eq!(counter.resume(true).as_yield(), Some(expected));
        }
    };
    exchange(1, WARM_UP);
    let start = Instant::now();
    exchange(1 + WARM_UP, times);
    let taken = start.elapsed();
    assert!(matches!(counter.resume(false), CoroutineResult::Return(count) if count == WARM_UP + times));
    taken
}
