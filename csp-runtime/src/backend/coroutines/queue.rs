//! Those of a worker's coroutines that are to run, first come, first served: a list through their records.
//!
//! It lies in a thread-local of the worker's thread, not in the worker, whose address a switch would have to fetch first: until it has, the
//! processor knows nothing of the stack that comes next.

use std::cell::Cell;
use std::ptr;

use super::ahead;
use super::at_hand::mine;
use super::record::Record;

/// A thread's.
pub(super) struct Queue {
    first: Cell<Option<&'static Record>>,
    /// Where the next one is noted: in the last of them, or in `first`.
    end: Cell<*const Cell<Option<&'static Record>>>,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self { first: Cell::new(None), end: Cell::new(ptr::null()) }
    }

    #[inline(always)]
    fn clear(&self) {
        self.first.set(None);
        self.end.set(&raw const self.first);
    }
}

/// Nobody is in it. Said by a worker before it does anything else.
pub(super) fn clear() {
    mine(|it| it.queue.clear());
}

/// A coroutine of this thread's worker is to run.
#[inline(always)]
pub(super) fn add(record: &'static Record) {
    record.next.set(None);
    mine(|it| {
        debug_assert!(!it.queue.end.get().is_null(), "a coroutine is woken on its worker's thread");
        let end = it.queue.end.replace(&raw const record.next);
        // SAFETY: a worker's thread has begun with `clear`, and since then `end` points to this thread's `first`, or into a record, which lives for
        // ever.
        unsafe { &*end }.set(Some(record));
    });
}

/// Whether anybody is to run.
#[inline(always)]
pub(super) fn holds_any() -> bool {
    mine(|it| it.queue.first.get()).is_some()
}

#[inline(always)]
pub(super) fn holds_several() -> bool {
    mine(|it| it.queue.first.get()).is_some_and(|first| first.next.get().is_some())
}

#[inline(always)]
pub(super) fn take() -> Option<&'static Record> {
    mine(|it| {
        let first = it.queue.first.get()?;
        match first.next.get() {
            Some(next) => {
                it.queue.first.set(Some(next));
                if ahead::pays() {
                    look_ahead(next);
                }
            }
            None => it.queue.clear(),
        }
        Some(first)
    })
}

/// One is to run now, and then `next`: fetches what the one behind that will touch, and the record of the one behind both.
#[inline(always)]
fn look_ahead(next: &Record) {
    if let Some(second) = next.next.get() {
        second.fetch_with_partner();
        if let Some(third) = second.next.get() {
            ahead::fetch_record(third);
        }
    }
}
