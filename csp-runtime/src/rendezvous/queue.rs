//! The waiting offers of one direction of a channel, in order of arrival: an intrusive list of entries.

use super::home::Home;
use super::offer::Entry;
use crate::sync::{Guarded, Held};

/// First come, first served. Every step needs the channel's lock; an entry in the queue is alive while that is held.
pub(crate) struct Queue<H: Home> {
    first: Guarded<Option<H::Link>>,
    last: Guarded<Option<H::Link>>,
}

impl<H: Home> Queue<H> {
    pub(crate) fn new() -> Self {
        Self { first: Guarded::new(None), last: Guarded::new(None) }
    }

    #[inline]
    pub(crate) fn first<'l>(&self, lock: &'l Held<H::Journal>) -> Option<&'l Entry<H>> {
        self.first.get(lock).map(|link| queued(link, lock))
    }

    /// The entry that arrived after `entry`.
    pub(crate) fn after<'l>(&self, entry: &Entry<H>, lock: &'l Held<H::Journal>) -> Option<&'l Entry<H>> {
        entry.next.get(lock).map(|link| queued(link, lock))
    }

    /// # Safety
    /// The entry is not queued anywhere, stays where it is, and is removed before it ends.
    #[inline]
    pub(crate) unsafe fn push(&self, entry: &Entry<H>, lock: &Held<H::Journal>) {
        let link = H::link(entry);
        let last = self.last.get(lock);
        entry.previous.set(last, lock);
        entry.next.set(None, lock);
        entry.queued.set(true, lock);
        match last {
            Some(last) => queued::<H>(last, lock).next.set(Some(link), lock),
            None => self.first.set(Some(link), lock),
        }
        self.last.set(Some(link), lock);
    }

    /// Takes the first entry out, which is `entry`.
    #[cfg_attr(not(all(not(loom), feature = "backend-coroutines")), allow(dead_code, reason = "for neighbours only"))]
    #[inline(always)]
    pub(crate) fn shift(&self, entry: &Entry<H>, lock: &Held<H::Journal>) {
        let next = entry.next.get(lock);
        self.first.set(next, lock);
        match next {
            Some(next) => queued::<H>(next, lock).previous.set(None, lock),
            None => self.last.set(None, lock),
        }
        entry.queued.set(false, lock);
    }

    /// Takes the entry out. False: it is out already.
    #[inline]
    pub(crate) fn remove(&self, entry: &Entry<H>, lock: &Held<H::Journal>) -> bool {
        if !entry.queued.get(lock) {
            return false;
        }
        let previous = entry.previous.get(lock);
        let next = entry.next.get(lock);
        match previous {
            Some(previous) => queued::<H>(previous, lock).next.set(next, lock),
            None => self.first.set(next, lock),
        }
        match next {
            Some(next) => queued::<H>(next, lock).previous.set(previous, lock),
            None => self.last.set(previous, lock),
        }
        entry.queued.set(false, lock);
        true
    }
}

/// A neighbour or an end of the list.
#[inline]
fn queued<H: Home>(link: H::Link, _lock: &Held<H::Journal>) -> &Entry<H> {
    // SAFETY: only `push` makes links, whose caller keeps the entry alive until `remove` has cut all links to it.
    unsafe { H::entry(link) }
}
