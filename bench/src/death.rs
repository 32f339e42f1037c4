//! What measurements of a death have in common: how many there are, when the killer strikes, what comes of it.

use std::thread::sleep;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::cell::Outcome;

/// Deaths for one figure: enough for a 99th percentile.
pub(crate) const SAMPLES: usize = 200;

/// How long a partner may take to fall asleep; one that is still awake when the blow falls is only quicker.
const FALLING_ASLEEP: Duration = Duration::from_millis(1);

pub(crate) fn let_the_partner_fall_asleep() {
    sleep(FALLING_ASLEEP);
}

/// Nanoseconds by a clock that is the same in every process.
pub(crate) fn now() -> u64 {
    let now: Duration = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("a clock that every Linux has").into();
    now.as_nanos() as u64
}

/// The median and the 99th percentile, of nanoseconds, in µs.
pub(crate) fn outcome(mut samples: Vec<u64>) -> Outcome {
    samples.sort_unstable();
    let at = |share: usize| samples[(samples.len() - 1) * share / 100] as f64 / 1e3;
    Outcome { p99: Some(at(99)), ..at(50).into() }
}
