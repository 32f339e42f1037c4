//! Timeouts beside processes that talk without pause: how much later than a sleeping OS thread the latest one comes.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use csp::prelude::*;

const WAIT: Duration = Duration::from_millis(50);
/// 1,000 timeouts in all, and as many sleeps of threads.
const SLEEPERS: usize = 50;
const ROUNDS: usize = 20;

/// Microseconds that the latest timeout came later than the latest of the threads that slept in the same run; 0 if it came before that.
///
/// # Panics
/// If one of them comes early.
pub(super) fn timers() -> f64 {
    let ((there_out, there), (back_out, back), (_hold, never)) = (channel(), channel(), channel());
    // The threads neither begin nor end while somebody forks.
    let (begun, over) = (Barrier::new(SLEEPERS + 1), Barrier::new(SLEEPERS + 1));
    let (ours, threads) = thread::scope(|s| {
        let sleeps = || {
            begun.wait();
            let worst = worst_of(|| thread::sleep(WAIT));
            over.wait();
            worst
        };
        let threads: Vec<_> = (0..SLEEPERS).map(|_| s.spawn(sleeps)).collect();
        begun.wait();
        let ((), (), ours) = par! {
            talking(there_out.clone(), back, true),
            talking(back_out, there, false),
            timing_out(never, there_out),
        };
        over.wait();
        let ends = threads.into_iter().map(|thread| thread.join().expect("it only sleeps"));
        (ours, ends.max().expect("there are threads"))
    });
    ours.saturating_sub(threads).as_secs_f64() * 1e6
}

/// How late the latest of so many waits is.
fn worst_of(mut waits: impl FnMut()) -> Duration {
    let lateness = (0..ROUNDS).map(|_| {
        let deadline = Instant::now() + WAIT;
        waits();
        Instant::now().checked_duration_since(deadline).expect("never early")
    });
    lateness.max().expect("there are rounds")
}

#[process]
fn talking(out: Sender<u64>, input: Receiver<u64>, first: bool) {
    if first {
        out.send(0)?;
    }
    for value in &input {
        out.send(value + 1)?;
    }
}

#[process]
fn timing_out(never: Receiver<()>, talk: Sender<u64>) -> Duration {
    let worst = par! { for _ in 0..SLEEPERS => times_out(never.clone()) };
    talk.poison();
    worst.into_iter().max().expect("there are sleepers")
}

#[process]
fn times_out(never: Receiver<()>) -> Duration {
    worst_of(|| alt! { never ? () => unreachable!("nobody sends"), after WAIT => {}, stopped why => panic!("{why}") })
}
