//! Processes that compute between two waits: timers, and processes that have not begun, come at one of the next turns, once it is known that these are long.

mod child;
#[path = "child/with_workers.rs"]
mod with_workers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use csp::Refusal;
use csp::prelude::*;
use with_workers::is_child;

const TURN: Duration = Duration::from_millis(1);
/// Of those that are ready, who is woken comes last: that makes two or three turns.
const AT_MOST: u64 = 5;

/// When something is due, in nanoseconds since `start`, and how many turns have begun since then.
struct Due {
    start: Instant,
    at: AtomicU64,
    turns: AtomicU64,
}

impl Due {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), at: AtomicU64::new(u64::MAX), turns: AtomicU64::new(0) })
    }

    fn nanoseconds(&self, to: Instant) -> u64 {
        u64::try_from((to - self.start).as_nanos()).expect("less than 500 years")
    }

    fn now(&self) -> u64 {
        self.nanoseconds(Instant::now())
    }

    fn set(&self, at: u64) {
        self.turns.store(0, Ordering::SeqCst);
        self.at.store(at, Ordering::SeqCst);
    }

    /// A turn of one that computes.
    fn takes_a_turn(&self) {
        if self.now() > self.at.load(Ordering::SeqCst) {
            self.turns.fetch_add(1, Ordering::SeqCst);
        }
        let start = Instant::now();
        while start.elapsed() < TURN {
            std::hint::spin_loop();
        }
    }

    /// How many turns ago it was due. Nothing is any more.
    fn late(&self) -> u64 {
        self.at.store(u64::MAX, Ordering::SeqCst);
        self.turns.load(Ordering::SeqCst)
    }
}

#[process(shares_memory)]
fn computes_and_yields(due: Arc<Due>, over: Receiver<()>) {
    while matches!(over.try_recv(), Err(Refusal::NotReady)) {
        due.takes_a_turn();
        csp::yield_now();
    }
}

#[process(shares_memory)]
fn times_out(never: Receiver<()>, end: Sender<()>, due: Arc<Due>) -> u64 {
    let most = (0..20).map(|round| {
        let wait = 17 * TURN + TURN * round / 4; // all the ways in which it can fall among turns
        let at = Instant::now() + wait;
        due.set(due.nanoseconds(at));
        alt! {
            never ? _ => {},
            after at => {},
            stopped why => unreachable!("{why}"),
        }
        due.late()
    });
    let most = most.max().expect("there are rounds");
    drop(end);
    most
}

#[test]
fn timers_are_not_late_for_long_turns() {
    if !is_child("timers_are_not_late_for_long_turns", "1") {
        return;
    }
    let ((end, over), (_hold, never)) = (channel(), channel());
    let due = Due::new();
    let (late, _) = par! { times_out(never, end, due.clone()), 2 * computes_and_yields(due, over) };
    assert!(late <= AT_MOST, "{late} turns of {TURN:?} came before a timer that was due");
}

#[process(shares_memory)]
fn begins(due: Arc<Due>) -> u64 {
    due.late()
}

/// From outside, while two others have had each other's turns for a while.
#[test]
fn processes_begin_soon_where_turns_are_long() {
    if !is_child("processes_begin_soon_where_turns_are_long", "1") {
        return;
    }
    let ((end, over), (_hold, silence)) = (channel(), channel::<()>());
    let due = Due::new();
    thread::scope(|threads| {
        let (twice, over) = (due.clone(), over);
        let computing = threads.spawn(move || {
            par! { 2 * computes_and_yields(twice, over) };
        });
        // For so many turns nobody looks how long they are, if there is no other reason to.
        due.set(0);
        while due.turns.load(Ordering::SeqCst) < 600 {
            assert_eq!(silence.recv_timeout(20 * TURN), Err(Refusal::TimedOut));
        }
        for _ in 0..10 {
            due.set(u64::MAX);
            let begun = spawn!(begins(due.clone()));
            // Not before: this thread may have to wait for a processor.
            due.set(due.now());
            let late = begun.join();
            assert!(late <= AT_MOST, "{late} turns of {TURN:?} came before a process began");
        }
        drop(end);
        computing.join().expect("they end");
    });
}
