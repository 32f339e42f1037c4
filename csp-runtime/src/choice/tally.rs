//! What is seen of the ends of a choice while they are gathered: which one was chosen longest ago, and when the latest was.

use std::hint::select_unpredictable;
use std::sync::atomic::Ordering;

use super::guard::PASSED_OVER;
use crate::channel::End;

/// Of the guards of a choice.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    /// The guard whose end was chosen longest ago, of equals the first.
    pub(super) oldest: usize,
    /// When that was; of no guards, never.
    earliest: u64,
    /// The latest stamp.
    pub(super) latest: u64,
}

impl Tally {
    pub(super) const OF_NONE: Self = Self { oldest: 0, earliest: u64::MAX, latest: 0 };

    /// With guard `index`, whose end this is.
    #[inline(always)]
    pub(super) fn add(&mut self, index: usize, end: &End) {
        let stamp = end.stamp.load(Ordering::Relaxed);
        self.latest = stamp.max(self.latest);
        // A branch would be predicted wrongly: another one is the oldest each time.
        let older = stamp < self.earliest;
        self.oldest = select_unpredictable(older, index, self.oldest);
        self.earliest = select_unpredictable(older, stamp, self.earliest);
    }

    /// Whether there are guards, and none was passed over for a timeout.
    #[inline(always)]
    pub(super) fn is_simple(self) -> bool {
        self.latest < PASSED_OVER && self.earliest != u64::MAX
    }
}
