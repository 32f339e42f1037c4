//! How often a cell repeats its workload, so that a figure rests on enough time whoever is measured.

use std::time::Duration;

/// Messages or round trips before the timed ones, in every network.
pub(crate) const WARM_UP: u64 = 100;

/// Loops of commstime before the timed ones.
pub(crate) const LOOPS_UNTIMED: u64 = 1000;

/// A trial this long tells the speed well enough to plan by.
const TRIAL: Duration = Duration::from_millis(15);

/// How long the timed part should take.
const TIMED: Duration = Duration::from_millis(250);

/// Nanoseconds per round of `run`, which does that many rounds and says how long they took.
///
/// Short trials come first; the figure is that of the last, long run alone.
pub(crate) fn ns_per_round(mut run: impl FnMut(u64) -> Duration) -> f64 {
    let mut rounds = 1_u64;
    let mut taken = run(rounds);
    while taken < TRIAL {
        rounds *= ratio(TRIAL, taken).clamp(2.0, 16.0) as u64;
        taken = run(rounds);
    }
    let rounds = ((rounds as f64 * ratio(TIMED, taken)) as u64).max(1);
    run(rounds).as_nanos() as f64 / rounds as f64
}

fn ratio(wanted: Duration, taken: Duration) -> f64 {
    wanted.as_secs_f64() / taken.as_secs_f64().max(1e-9)
}
