//! The hatches in which some of a worker's coroutines wait for partners on others: it looks at them at each turn.
//!
//! A look costs a nanosecond while nothing has come. So they are few, and each is looked at for a while only: then the wait goes on in its channel's
//! queue, from where a partner wakes the coroutine by its worker's inbox. The same before the worker sleeps.

use std::cell::{Cell, RefCell};
use std::ptr;

use smallvec::SmallVec;

use super::record::Record;
use crate::fetch;
use crate::rendezvous::across::Wait;
use crate::rendezvous::hatch::Hatch;

/// So many at a time.
const MOST: usize = 4;
/// So many turns is one looked at.
const TURNS: u64 = 256;

/// A wait, and whose.
#[derive(Clone, Copy)]
struct Watched {
    wait: Wait,
    record: &'static Record,
    /// The turn up to which it is looked at.
    until: u64,
    /// Through which hatch a message of one word was sent last before that: most often by the same one, which will be answered, and then sends there
    /// again.
    next: *const Hatch,
}

/// A worker's.
pub(super) struct Hatches {
    /// See `Watched::next`.
    sent: Cell<*const Hatch>,
    number: Cell<usize>,
    watched: RefCell<SmallVec<[Watched; MOST]>>,
}

impl Default for Hatches {
    fn default() -> Self {
        Self { sent: Cell::new(ptr::null()), number: Cell::default(), watched: RefCell::default() }
    }
}

impl Hatches {
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.number.get() == 0
    }

    #[inline(always)]
    pub(super) fn have_room(&self) -> bool {
        self.number.get() < MOST
    }

    #[inline(always)]
    pub(super) fn note_sent(&self, hatch: *const Hatch) {
        self.sent.set(hatch);
    }

    /// One more, from this turn on.
    ///
    /// # Safety
    /// The wait is that of `record`, a coroutine of this worker, and lasts until it is [forgotten](Self::forget) at least.
    #[inline(always)]
    pub(super) unsafe fn add(&self, wait: Wait, record: &'static Record, turn: u64) {
        let mut all = self.watched.borrow_mut();
        all.push(Watched { wait, record, until: turn + TURNS, next: self.sent.get() });
        self.number.set(all.len());
    }

    /// Looks at each, but that of whoever is about to stop: whoever has been met is to run.
    #[inline(always)]
    pub(super) fn look(&self, turn: u64, stops: Option<&'static Record>) {
        let stops = stops.map_or(ptr::null(), ptr::from_ref);
        // SAFETY: by `add`.
        let is_due = |watched: &Watched| turn >= watched.until || unsafe { watched.wait.is_news() };
        let mut all = self.watched.borrow_mut();
        let mut at = 0;
        while let Some(watched) = all.get(at) {
            if is_due(watched) && !ptr::eq(watched.record, stops) {
                end(all.swap_remove(at));
                self.number.set(all.len());
            } else {
                at += 1;
            }
        }
    }

    /// Whether a look is worth while.
    pub(super) fn have_news(&self) -> bool {
        // SAFETY: by `add`.
        self.watched.borrow().iter().any(|watched| unsafe { watched.wait.is_news() })
    }

    /// All go on waiting in their channels' queues, but whoever has been met: those are to run.
    pub(super) fn leave(&self) {
        self.number.set(0);
        self.watched.borrow_mut().drain(..).for_each(end);
    }

    /// This wait is over.
    #[inline(always)]
    pub(super) fn forget(&self, wait: Wait) {
        if !self.is_empty() {
            let mut all = self.watched.borrow_mut();
            all.retain(|watched| !watched.wait.is_same(&wait));
            self.number.set(all.len());
        }
    }
}

/// A wait is over, or goes on in its channel's queue.
#[inline(always)]
fn end(watched: Watched) {
    // SAFETY: by `Hatches::add`.
    if unsafe { watched.wait.end() } {
        fetch::line(watched.next.cast(), 0);
        watched.record.wake();
    }
}
