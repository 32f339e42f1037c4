//! Processes that have not started: where they wait, who takes them, and when they begin.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use super::{EVERY, TIMERS_EVERY, Worker};
use crate::backend::coroutines::nursery::Fresh;
use crate::backend::coroutines::record::Record;
use crate::backend::coroutines::row::Row;
use crate::backend::coroutines::{queue, workers};

/// So many processes that have not begun may wait for each other, if those that have keep on being ready; then whoever spawns one more lets one begin.
const MANY_FRESH: usize = 64;

impl Worker {
    fn fresh(&self) -> MutexGuard<'_, Row<Fresh>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process is to start here, if no idle worker takes it first.
    pub(in crate::backend::coroutines) fn add_fresh(&self, fresh: Fresh) {
        if self.is_this_thread() {
            self.nursery.add(fresh);
        } else {
            self.fresh().push(fresh);
            // SYNC fresh: whoever sees the number finds them.
            self.waiting.fetch_add(1, Ordering::Release);
            self.rouse();
            // It alerts others itself as soon as it runs. The system would most often put both on one processor, as the caller still uses its own.
            if self.door.idle.is_rising() {
                return;
            }
        }
        workers::alert_watchers();
    }

    /// Whether fresh processes wait for it.
    pub(in crate::backend::coroutines) fn has_fresh(&self) -> bool {
        self.count_fresh() > 0
    }

    /// Whether so many of them wait that whoever launches more lets some begin.
    pub(in crate::backend::coroutines) fn has_many_fresh(&self) -> bool {
        self.count_fresh() > MANY_FRESH
    }

    /// How many fresh processes wait for it.
    pub(in crate::backend::coroutines) fn count_fresh(&self) -> usize {
        self.waiting.load(Ordering::Relaxed) + self.nursery.len()
    }

    /// Takes them from both by turns, so that neither starves.
    pub(super) fn take_fresh(&self) -> Option<Fresh> {
        if self.nursery.is_next() {
            return self.nursery.take().or_else(|| self.take_foreign());
        }
        self.take_foreign().or_else(|| self.nursery.take())
    }

    fn take_foreign(&self) -> Option<Fresh> {
        if self.waiting.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let fresh = self.fresh().pop()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(fresh)
    }

    // Not in the loop, where it would take registers from those that only go from one ready coroutine to the next.
    #[inline(never)]
    pub(super) fn start_fresh(&'static self) -> Option<&'static Record> {
        let fresh = self.take_fresh()?;
        // Nobody knows how long its turns will be, and beside a start a look at the clock is nothing.
        if !self.own.timers.is_empty() {
            self.set_due(self.turns() + 1);
        }
        Some(self.begin(fresh))
    }

    pub(super) fn begin(&'static self, mut fresh: Fresh) -> &'static Record {
        fresh.stack.warm();
        let free = self.own.free.borrow_mut().pop();
        let record = free.unwrap_or_else(|| self.make_records());
        record.begin(fresh);
        self.coroutines.store(self.count_coroutines(), Ordering::Relaxed);
        record
    }

    #[cold]
    fn make_records(&'static self) -> &'static Record {
        let made = Record::some(self);
        self.own.made.set(self.own.made.get() + made.len());
        self.own.free.borrow_mut().extend(&made[1..]);
        &made[0]
    }

    /// Whether one of them begins in this turn, whoever is ready. Not twice in a row: each that begins may launch the next one.
    pub(super) fn favours_fresh(&self, turn: u64) -> bool {
        // An idle worker may take them, and looks now and then whether it should.
        let comes_soon = || turn.is_multiple_of(if workers::others_are_idle(self) { TIMERS_EVERY } else { 2 });
        let owes = self.own.owes_fresh.get();
        if !(owes || turn.is_multiple_of(EVERY) || (self.own.pace.is_slow() && comes_soon())) {
            return false;
        }
        if turn == self.own.favoured.get() + 1 && queue::holds_any() {
            if owes {
                self.set_due(turn + 1);
            }
            return false;
        }
        self.own.owes_fresh.set(false);
        let favours = self.has_fresh();
        if favours {
            self.own.favoured.set(turn);
        }
        favours
    }

    /// It has been idle. Whoever has brought fresh processes meanwhile may have left it to this one to tell those that might help.
    pub(super) fn shows_what_is_fresh(&self) {
        if self.has_fresh() {
            workers::alert_watchers();
        }
    }
}
