//! A worker's timers: which of its coroutines wake when.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use super::record::Record;

/// Ordered by deadline; of equal ones by address. A record stands here at most once.
#[derive(Default)]
pub(super) struct Timers(RefCell<BTreeMap<(Instant, usize), &'static Record>>);

impl Timers {
    pub(super) fn add(&self, deadline: Instant, record: &'static Record) {
        record.deadline.set(Some(deadline));
        self.0.borrow_mut().insert((deadline, std::ptr::from_ref(record).addr()), record);
    }

    /// For a coroutine that was woken otherwise.
    pub(super) fn remove(&self, record: &'static Record) {
        if let Some(deadline) = record.deadline.take() {
            self.0.borrow_mut().remove(&(deadline, std::ptr::from_ref(record).addr()));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.borrow().first_key_value().map(|(&(deadline, _), _)| deadline)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Wakes those whose time has come by `now`; whether there were any.
    pub(super) fn fire(&self, now: Instant) -> bool {
        let mut fired = false;
        while let Some(record) = self.pop_due(now) {
            record.deadline.set(None);
            record.wake();
            fired = true;
        }
        fired
    }

    fn pop_due(&self, now: Instant) -> Option<&'static Record> {
        let mut timers = self.0.borrow_mut();
        let first = timers.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }
}
