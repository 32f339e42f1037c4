//! Whether a coroutine stands in its worker's inbox: one flag, and the two steps by which it changes. `coroutines/PROTOCOL.md`
//! tells why no wake-up is lost.

use crate::sync::{AtomicBool, Ordering, mutant};

/// A coroutine's flag. Only wake-ups from other threads use it.
pub(crate) struct Posted(AtomicBool);

impl Posted {
    pub(crate) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Somebody on another thread wakes it. True: the caller is to put it into the inbox; otherwise it stands there already,
    /// and whoever is to take it out has yet to look.
    #[inline]
    #[must_use]
    pub(crate) fn enter(&self) -> bool {
        // SYNC posted: see `leave`; who finds it posted leaves the rest to whoever posted it.
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// Its worker has taken it out of the inbox, and lets it run after this. From here on another wake-up may post it again.
    #[inline]
    pub(crate) fn leave(&self) {
        if mutant("posted_left_by_a_store") {
            // SYNC posted: the mistake.
            return self.0.store(false, Ordering::Release);
        }
        // SYNC posted: a swap, so that what whoever has found it posted did before is seen by the coroutine. (Behind a mere
        // store the coroutine could look before that store is seen, and the other one leave before it looks.)
        let _ = self.0.swap(false, Ordering::AcqRel);
    }
}
