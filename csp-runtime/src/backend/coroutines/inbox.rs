//! A worker's inbox: those of its coroutines that other threads have woken, in a stack that is linked through their records.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::record::Record;

/// The one that came last; below it (`Record::below`), the others.
pub(super) struct Inbox(AtomicPtr<Record>);

impl Inbox {
    pub(super) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed).is_null()
    }

    /// By another thread.
    pub(super) fn post(&self, record: &'static Record) {
        let place = ptr::from_ref(record).cast_mut();
        let mut top = self.0.load(Ordering::Relaxed);
        loop {
            record.below.store(top, Ordering::Relaxed);
            // SYNC inbox: what we did before is seen by the coroutines that run then.
            match self.0.compare_exchange_weak(top, place, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => top = now,
            }
        }
    }

    /// By the worker: makes ready whom others have woken, in the order in which they did.
    pub(super) fn open(&self) {
        // The one that came last, which most often is the only one: all that it takes comes together. (No acquire: it is made by this thread.)
        // SAFETY: only records are posted, and they live for ever.
        if let Some(record) = unsafe { self.0.load(Ordering::Relaxed).as_ref() } {
            record.expect_leave();
        }
        // SYNC inbox: see `post`.
        let mut top = self.0.swap(ptr::null_mut(), Ordering::Acquire);
        let mut first = ptr::null_mut::<Record>();
        // SAFETY: as above.
        while let Some(record) = unsafe { top.as_ref() } {
            // By two plain steps: what was taken out of the inbox is this thread's alone.
            let below = record.below.load(Ordering::Relaxed);
            record.below.store(first, Ordering::Relaxed);
            first = top;
            top = below;
        }
        // SAFETY: as above.
        while let Some(record) = unsafe { first.as_ref() } {
            first = record.below.load(Ordering::Relaxed);
            record.leave_inbox();
        }
    }
}
