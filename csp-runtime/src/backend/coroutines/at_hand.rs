//! What a worker's thread keeps at hand, for each operation and each switch of its coroutines.

use super::ahead::Crowd;
use super::queue::Queue;
use crate::process::here;

/// It lies beside what else the thread keeps at hand (`process/here.rs`).
pub(crate) struct AtHand {
    pub(super) queue: Queue,
    pub(super) crowd: Crowd,
}

impl AtHand {
    pub(crate) const fn new() -> Self {
        Self { queue: Queue::new(), crowd: Crowd::new() }
    }
}

/// This thread's.
#[inline(always)]
pub(super) fn mine<R>(step: impl FnOnce(&AtHand) -> R) -> R {
    here::workers_at_hand(step)
}
