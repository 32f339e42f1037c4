//! Who sleeps so deeply that somebody must tell them of fresh processes. `coroutines/PROTOCOL.md` tells why nobody sleeps on.

use crate::barrier;
use crate::sync::{AtomicUsize, Ordering, mutant};

/// How many sleep deeply.
pub(crate) struct Alarm(AtomicUsize);

impl Alarm {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Sleeps, unless fresh processes wait somewhere. Whoever adds one from here on finds the alarm set.
    pub(crate) fn sleep(&self, fresh_ones_wait: impl FnOnce() -> bool, sleep: impl FnOnce()) {
        self.0.fetch_add(1, Ordering::Relaxed);
        // SYNC alarm: here «I sleep deeply, then do fresh ones wait?», in `is_set` «fresh ones wait, then does anybody sleep deeply?»: one sees the other's word.
        barrier::heavy_or_fence();
        if mutant("deep_without_a_look") || !fresh_ones_wait() {
            sleep();
        }
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether somebody must be told of a fresh process that the caller has added, or found.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        // SYNC alarm: see `sleep`.
        barrier::light_or_fence();
        self.0.load(Ordering::Relaxed) > 0
    }

    /// In a forked child, where its parent's workers are not.
    #[cfg(all(not(loom), feature = "backend-processes"))]
    pub(crate) fn forget_the_parent(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
