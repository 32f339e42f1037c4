//! Channels at which a choice has to look even if another guard of it is ready: those that were poisoned, and those in the arena. While there
//! are none in this program, one ready guard is all that it has to see.

use std::sync::atomic::AtomicUsize;

use crate::sync::{AtomicBool, Ordering};

/// How many there are.
static ODD: AtomicUsize = AtomicUsize::new(0);

/// Whether none is. Who knows of a poison by anything that came after it knows it here too: it is counted before it is done.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[inline(always)]
pub(crate) fn all_are_plain() -> bool {
    ODD.load(Ordering::Relaxed) == 0
}

/// Whether a channel is one of them.
#[derive(Default)]
pub(super) struct Oddity(AtomicBool);

impl Oddity {
    /// From now on it is. (Counted first: who finds it marked goes on to poison it, as whoever has marked it will.)
    pub(super) fn mark(&self) {
        ODD.fetch_add(1, Ordering::Relaxed);
        if self.0.swap(true, Ordering::Relaxed) {
            ODD.fetch_sub(1, Ordering::Relaxed);
        }
    }

    #[cfg(all(test, loom))]
    pub(super) fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Oddity {
    fn drop(&mut self) {
        if self.0.load(Ordering::Relaxed) {
            ODD.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
