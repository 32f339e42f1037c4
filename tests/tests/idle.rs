//! An idle worker takes over what waits for one that computes or is blocked, whatever it waits for itself.

mod child;
#[path = "child/with_workers.rs"]
mod with_workers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use csp::Refusal;
use csp::prelude::*;
use with_workers::is_child;

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
    if !is_child("a_worker_with_a_timer_helps_one_that_computes", "2") {
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

/// How many have ended, told to whoever waits for all.
type Ended = (Mutex<usize>, Condvar);

const ALL: usize = 400;

/// Blocks its worker, though it has not said that it would, until all others have ended. How long that took.
#[process(shares_memory)]
fn blocks(ended: Arc<Ended>) -> Duration {
    let start = Instant::now();
    let (count, all) = &*ended;
    let count = count.lock().expect("nobody panics with it");
    drop(all.wait_timeout_while(count, TOO_LONG, |count| *count < ALL).expect("nobody panics with it"));
    start.elapsed()
}

#[process(shares_memory)]
fn ends(ended: Arc<Ended>) {
    let mut count = ended.0.lock().expect("nobody panics with it");
    *count += 1;
    if *count == ALL {
        ended.1.notify_all();
    }
}

/// All of them, once it is known to be blocked; and not one after each look, of which there is one in 5 ms.
#[test]
fn what_waits_for_a_blocked_worker_is_taken_over() {
    if !is_child("what_waits_for_a_blocked_worker_is_taken_over", "2") {
        return;
    }
    let ended = Arc::<Ended>::default();
    let (time, _) = par! { blocks(ended.clone()), for _ in 0..ALL => ends(ended.clone()) };
    assert!(time < Duration::from_secs(1), "{time:?}");
}
