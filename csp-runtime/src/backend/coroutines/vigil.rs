//! A vigil: an idle worker does not take its eyes off those for whom fresh processes wait, for a fraction of a millisecond. Processes start within microseconds,
//! and whoever has started stays where it is: to share out those that compute, it must be there before they have all begun.

use std::cell::Cell;
use std::hint::spin_loop;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::worker::Worker;
use super::workers;

/// Some times of what it takes until a worker that has been roused runs.
const LONGEST: Duration = Duration::from_micros(250);
/// Less is not worth it.
const SHORTEST: Duration = Duration::from_micros(20);
/// Between two looks: each takes a cache line away from whoever it looks at.
const BETWEEN: Duration = Duration::from_micros(3);
/// Whoever looks so late had no processor, and perhaps kept others from theirs.
const LATE: Duration = Duration::from_micros(20);
/// Turns of processes that talk are much shorter.
const LONG_TURN: Duration = Duration::from_micros(15);
/// Whoever has computed for so long, in long turns, will go on with it.
const COMPUTES: Duration = Duration::from_micros(50);

/// For how long a worker keeps one, as far as it has paid.
pub(super) struct Vigil(Cell<Duration>);

impl Default for Vigil {
    fn default() -> Self {
        Self(Cell::new(LONGEST))
    }
}

impl Vigil {
    /// Whether it is worth while to begin.
    pub(super) fn pays(&self) -> bool {
        self.0.get() >= SHORTEST
    }

    /// It would have paid.
    pub(super) fn pays_again(&self) {
        self.0.set(LONGEST);
    }

    /// Somebody who computes while fresh processes wait, and has more coroutines than `own`. None: nobody, for as long as it pays, or while it goes on.
    pub(super) fn keep(&self, own: &Worker, goes_on: impl Fn() -> bool) -> Option<&'static Worker> {
        let (longest, start) = (self.0.get(), Instant::now());
        let mut seen: SmallVec<[Seen; 8]> =
            workers::others(own).filter_map(|worker| Seen::first(worker, start)).collect();
        let mut now = start;
        while goes_on() {
            if now - start >= longest {
                self.0.set(longest / 2);
                return None;
            }
            let before = now;
            while now - before < BETWEEN {
                spin_loop();
                now = Instant::now();
            }
            if now - before > LATE {
                return None;
            }
            let computes = |seen: &mut Seen| seen.computes(now) && workers::has_fewer(own, seen.worker);
            if let Some(found) = seen.iter_mut().find_map(|seen| computes(seen).then_some(seen.worker)) {
                self.0.set(LONGEST);
                return Some(found);
            }
        }
        None
    }
}

/// What it has seen of one of the others.
struct Seen {
    worker: &'static Worker,
    turn: u64,
    /// How many fresh ones wait. Whoever launches more of them does not compute, however long its turn.
    fresh: usize,
    /// When it saw that first.
    since: Instant,
    /// In long turns, but for this one.
    computed: Duration,
    cpu_time: Duration,
}

impl Seen {
    fn first(worker: &'static Worker, now: Instant) -> Option<Self> {
        let (turn, fresh) = (worker.turns(), worker.count_fresh());
        let cpu_time = if fresh > 0 { worker.cpu_time() } else { None };
        Some(Self { worker, turn, fresh, since: now, computed: Duration::ZERO, cpu_time: cpu_time? })
    }

    /// Whether it has computed for long, and does so still.
    fn computes(&mut self, now: Instant) -> bool {
        let (turn, fresh) = (self.worker.turns(), self.worker.count_fresh());
        let this_turn = now - self.since;
        if turn == self.turn && fresh <= self.fresh {
            let all = self.computed + this_turn;
            // It may have no processor.
            let has_run = || self.worker.cpu_time().is_some_and(|time| time.saturating_sub(self.cpu_time) >= all / 2);
            return fresh > 0 && this_turn >= LONG_TURN && all >= COMPUTES && has_run();
        }
        if turn == self.turn + 1 && this_turn >= LONG_TURN {
            self.computed += this_turn;
        }
        (self.turn, self.fresh, self.since) = (turn, fresh, now);
        false
    }
}
