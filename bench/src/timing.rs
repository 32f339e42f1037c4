//! How often a cell repeats its workload, so that a figure rests on enough time whoever is measured.

use std::time::Duration;

/// Messages or round trips before the timed ones, in every network.
pub(crate) const WARM_UP: u64 = 100;

/// Loops of commstime before the timed ones.
pub(crate) const LOOPS_UNTIMED: u64 = 1000;

/// In the environment of a cell: how long its timed part should take.
pub(crate) const TIMED_MS: &str = "CSP_BENCH_TIMED_MS";

/// In the environment of a cell: do exactly so many rounds, once. For whoever counts instructions instead of time.
pub(crate) const ROUNDS: &str = "CSP_BENCH_ROUNDS";

/// How long the timed part should take.
const TIMED: Duration = Duration::from_millis(250);

/// A trial of this share of the timed part tells the speed well enough to plan by.
const TRIAL: u32 = 16;

/// Nanoseconds per round of `run`, which does that many rounds and says how long they took.
///
/// Short trials come first; the figure is that of the last, long run alone.
pub(crate) fn ns_per_round(mut run: impl FnMut(u64) -> Duration) -> f64 {
    if let Some(rounds) = setting(ROUNDS) {
        return run(rounds).as_nanos() as f64 / rounds as f64;
    }
    let timed = setting(TIMED_MS).map_or(TIMED, Duration::from_millis);
    let trial = timed / TRIAL;
    let mut rounds = 1_u64;
    let mut taken = run(rounds);
    while taken < trial {
        rounds *= ratio(trial, taken).clamp(2.0, 16.0) as u64;
        taken = run(rounds);
    }
    let rounds = ((rounds as f64 * ratio(timed, taken)) as u64).max(1);
    run(rounds).as_nanos() as f64 / rounds as f64
}

fn ratio(wanted: Duration, taken: Duration) -> f64 {
    wanted.as_secs_f64() / taken.as_secs_f64().max(1e-9)
}

/// # Panics
/// If the harness has set it to something else than a number.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("the harness sets numbers"))
}
