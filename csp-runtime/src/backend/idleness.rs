//! Whether a worker is idle: one word, and the steps by which it changes. `coroutines/PROTOCOL.md` tells why nobody is missed.

use crate::sync::{AtomicU32, Ordering, fence, mutant};

const AWAKE: u32 = 0;
const IDLE: u32 = 1;

/// A worker's word. A worker is counted as running while it is awake.
pub(crate) struct Idleness(AtomicU32);

/// What a worker that has found nothing to do is to do next.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Work has come: it goes on.
    GoOn,
    /// The same, but whoever brought work has counted it in once more.
    GoOnCountedTwice,
    /// It counts itself out and sleeps while it is idle.
    Sleep,
}

impl Idleness {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(AWAKE))
    }

    /// Awake → idle by the worker, unless its second look finds work.
    pub(crate) fn settle(&self, has_work: impl FnOnce() -> bool) -> Settled {
        // SYNC roused: a swap, so that a late `leave` comes before it or after it, and is seen to.
        let _ = self.0.swap(IDLE, Ordering::AcqRel);
        // SYNC idle: here «idle, then look for work», in `rouse` «work, then look whether it is idle»: one sees the other's word.
        fence(Ordering::SeqCst);
        if mutant("idle_without_a_look") || !has_work() {
            return Settled::Sleep;
        }
        // SYNC roused: see `leave`.
        match self.0.swap(AWAKE, Ordering::AcqRel) {
            IDLE => Settled::GoOn,
            _ => Settled::GoOnCountedTwice,
        }
    }

    /// Somebody has brought work. True: the worker was idle, and the caller is to count it in and to wake it.
    #[must_use]
    pub(crate) fn rouse(&self) -> bool {
        // SYNC idle: see `settle`.
        fence(Ordering::SeqCst);
        self.0.load(Ordering::Relaxed) == IDLE && self.leave()
    }

    /// Idle → awake by whoever comes first: the worker itself, or who brings work. True for that one, who counts it in.
    #[must_use]
    pub(crate) fn leave(&self) -> bool {
        // SYNC roused: the worker sees what whoever roused it did before.
        self.0.swap(AWAKE, Ordering::AcqRel) == IDLE
    }

    /// Whether it is idle still, asked by the worker.
    pub(crate) fn is_idle(&self) -> bool {
        // SYNC roused: see `leave`.
        self.0.load(Ordering::Acquire) == IDLE
    }

    /// The same for others, as a hint.
    #[cfg_attr(not(feature = "backend-coroutines"), allow(dead_code, reason = "the coroutines backend asks"))]
    pub(crate) fn seems_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) == IDLE
    }
}
