//! Those of a worker's coroutines that are to run, first come, first served: a list through their records.
//!
//! It lies in thread-locals of the worker's thread, not in the worker, whose address a switch would have to fetch first: until it has, the
//! processor knows nothing of the stack that comes next.

use std::cell::Cell;
use std::ptr;

use super::ahead;
use super::record::Record;

thread_local! {
    static FIRST: Cell<Option<&'static Record>> = const { Cell::new(None) };
    /// Where the next one is noted: in the last of them, or in `FIRST`.
    static END: Cell<*const Cell<Option<&'static Record>>> = const { Cell::new(ptr::null()) };
}

/// Nobody is in it. Said by a worker before it does anything else.
pub(super) fn clear() {
    FIRST.set(None);
    END.set(FIRST.with(ptr::from_ref));
}

/// A coroutine of this thread's worker is to run.
#[inline(always)]
pub(super) fn add(record: &'static Record) {
    record.next.set(None);
    debug_assert!(!END.get().is_null(), "a coroutine is woken on its worker's thread");
    let end = END.replace(&raw const record.next);
    // SAFETY: a worker's thread has begun with `clear`, and since then `END` points to this thread's `FIRST`, or into a record, which lives for ever.
    unsafe { &*end }.set(Some(record));
}

/// Whether anybody is to run.
#[inline(always)]
pub(super) fn holds_any() -> bool {
    FIRST.get().is_some()
}

#[inline(always)]
pub(super) fn holds_several() -> bool {
    FIRST.get().is_some_and(|first| first.next.get().is_some())
}

#[inline(always)]
pub(super) fn take() -> Option<&'static Record> {
    let first = FIRST.get()?;
    match first.next.get() {
        Some(next) => {
            FIRST.set(Some(next));
            if ahead::pays() {
                look_ahead(next);
            }
        }
        None => clear(),
    }
    Some(first)
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
