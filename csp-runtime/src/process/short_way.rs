//! Whether a process's plain operations go the short way, between coroutines of one worker, and which worker that is.

#[cfg(all(not(loom), feature = "backend-coroutines"))]
use std::cell::Cell;

#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::rendezvous::bias::Owner;

/// Open to a coroutine of which nothing else needs attention when it communicates. It shows the worker, whose locks are the coroutine's own, so
/// that each operation asks one question: is the channel's lock this one's? Closed, it shows nobody, who has no locks.
pub(crate) struct ShortWay {
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    worker: Cell<Owner>,
}

#[cfg(all(not(loom), feature = "backend-coroutines"))]
impl ShortWay {
    pub(super) fn new(is_open: bool) -> Self {
        Self { worker: Cell::new(Owner::this_if(is_open)) }
    }

    pub(super) const fn closed() -> Self {
        Self { worker: Cell::new(Owner::NOBODY) }
    }

    /// By the process itself, which stays on its worker.
    #[inline]
    pub(super) fn open_if(&self, is_open: bool) {
        self.worker.set(Owner::this_if(is_open));
    }

    #[inline(always)]
    pub(crate) fn worker(&self) -> Owner {
        self.worker.get()
    }
}

#[cfg(not(all(not(loom), feature = "backend-coroutines")))]
impl ShortWay {
    pub(super) fn new(_is_open: bool) -> Self {
        Self {}
    }

    pub(super) const fn closed() -> Self {
        Self {}
    }

    pub(super) fn open_if(&self, _is_open: bool) {}
}
