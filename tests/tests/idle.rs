//! An idle worker takes over what waits for one that computes, whatever it waits for itself.

mod child;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use csp::Refusal;
use csp::prelude::*;

/// The part that the test plays in its child.
const PART: &str = "a_worker_with_a_timer_helps_one_that_computes";
const TOO_LONG: Duration = Duration::from_secs(10);

/// Keeps its worker until the other one runs too. True: it does.
#[process(shares_memory)]
fn computes_beside(mine: usize, both: Arc<[AtomicBool; 2]>) -> bool {
    both[mine].store(true, Ordering::Release);
    let (other, start) = (&both[1 - mine], Instant::now());
    while !other.load(Ordering::Acquire) && start.elapsed() < TOO_LONG {
        std::hint::spin_loop();
    }
    other.load(Ordering::Acquire)
}

/// Until the channel ends; not for a minute, in any case.
#[process]
fn waits(never: Receiver<()>) -> Result<(), Refusal> {
    never.recv_timeout(6 * TOO_LONG)
}

#[test]
fn a_worker_with_a_timer_helps_one_that_computes() {
    if !child::is_part(PART) {
        let (status, text) = child::run(PART, PART, &[("CSP_WORKERS", "2")]);
        assert!(status.success(), "{status}\n{text}");
        return;
    }
    let (end, never) = channel();
    let (_hold, silence) = channel::<()>();
    // Threads launch on the workers by turns.
    let both = thread::scope(|threads| {
        let waiting = threads.spawn(move || par! { waits(never) });
        // All workers come to rest.
        assert_eq!(silence.recv_timeout(Duration::from_millis(500)), Err(Refusal::TimedOut));
        let flags = Arc::<[AtomicBool; 2]>::default();
        let both = threads.spawn(move || par! { for mine in 0..2 => computes_beside(mine, flags.clone()) });
        let both = both.join().expect("they end");
        drop(end);
        assert!(waiting.join().expect("it ends").is_err());
        both
    });
    assert_eq!(both, [true, true], "one has waited for the other one's worker");
}
