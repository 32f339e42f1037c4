//! The kernel of Monte Carlo π: bags of random points, each with a generator of its own, so that nobody's order matters.

use std::time::Duration;

use crate::cell::Outcome;

/// As many as the program that comes with PyCSP has.
pub(crate) const BAGS: u64 = 1000;
/// As many as it has, too.
pub(crate) const POINTS: usize = 10_000;

/// How many of the points of `bag` fall into the circle.
#[inline(never)] // the same machine code for every subject
pub(crate) fn hits(bag: u64) -> u64 {
    let mut state = bag;
    let mut unit = || {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..POINTS).filter(|_| unit().powi(2) + unit().powi(2) < 1.0).count() as u64
}

/// The milliseconds of an estimate from `hits` of all points.
///
/// # Panics
/// If that is not π.
pub(crate) fn outcome(taken: Duration, hits: u64) -> Outcome {
    let estimate = 4.0 * hits as f64 / (BAGS * POINTS as u64) as f64;
    assert!((estimate - std::f64::consts::PI).abs() < 0.002, "{estimate} is not π");
    (taken.as_secs_f64() * 1e3).into()
}
