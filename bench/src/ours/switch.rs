//! A process that lets others run, where there are no others: what its suspension alone costs.

use std::time::{Duration, Instant};

use csp::prelude::*;

use crate::timing::WARM_UP;

/// One process yields `times` over.
pub(super) fn switch(times: u64) -> Duration {
    par! { yielding(times) }
}

#[process]
fn yielding(times: u64) -> Duration {
    (0..WARM_UP).for_each(|_| csp::yield_now());
    let start = Instant::now();
    (0..times).for_each(|_| csp::yield_now());
    start.elapsed()
}
