//! Whether a worker is idle: one word, and the steps by which it changes. `coroutines/PROTOCOL.md` tells why nobody is missed.

use crate::sync::{AtomicU32, Ordering, fence, mutant};

const AWAKE: u32 = 0;
const IDLE: u32 = 1;
/// Roused, but its thread has yet to run.
const RISING: u32 = 2;

/// A worker's word. A worker is counted as running unless it is idle.
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
        if self.leave() { Settled::GoOn } else { Settled::GoOnCountedTwice }
    }

    /// Idle → rising, by somebody who has brought work. True: the worker was idle, and the caller is to wake it. It has counted it in by `count_in`, before it can
    /// run; by `count_out` it says that somebody else has.
    #[must_use]
    pub(crate) fn rouse(&self, count_in: impl FnOnce(), count_out: impl FnOnce()) -> bool {
        // SYNC idle: see `settle`, and `leave`.
        fence(Ordering::SeqCst);
        if self.0.load(Ordering::Relaxed) != IDLE {
            return false;
        }
        count_in();
        // SYNC roused: the worker sees what whoever roused it did before.
        let is_first = self.0.compare_exchange(IDLE, RISING, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if !is_first {
            count_out();
        }
        is_first
    }

    /// Whether its thread has been roused, and has yet to run: it sees then what has been brought before this was asked. Asked after `rouse`.
    #[cfg_attr(not(feature = "backend-coroutines"), allow(dead_code, reason = "the coroutines backend asks"))]
    pub(crate) fn is_rising(&self) -> bool {
        self.0.load(Ordering::Relaxed) == RISING
    }

    /// Rising → awake, by the worker, whose thread runs.
    #[cfg_attr(not(feature = "backend-coroutines"), allow(dead_code, reason = "the coroutines backend rises"))]
    pub(crate) fn rise(&self) {
        let _ = self.leave();
    }

    /// Idle or rising → awake, by the worker. True: nobody has roused it, and it is to count itself in.
    #[must_use]
    pub(crate) fn leave(&self) -> bool {
        // SYNC roused: see `rouse`.
        let before = self.0.swap(AWAKE, Ordering::AcqRel);
        // SYNC idle: here «awake, then do fresh ones wait?», in `rouse` and `is_rising` «they wait, then does it rise still?»: one sees the other's word.
        if !mutant("rises_without_a_fence") {
            fence(Ordering::SeqCst);
        }
        before == IDLE
    }

    /// Whether it is idle still, asked by the worker.
    pub(crate) fn is_idle(&self) -> bool {
        // SYNC roused: see `rouse`.
        self.0.load(Ordering::Acquire) == IDLE
    }

    /// The same for others, as a hint.
    #[cfg_attr(not(feature = "backend-coroutines"), allow(dead_code, reason = "the coroutines backend asks"))]
    pub(crate) fn seems_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) == IDLE
    }
}
