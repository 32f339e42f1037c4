//! What is seen of the ends of a choice: which one was chosen longest ago, and when the latest was.

use std::hint::select_unpredictable;
use std::sync::atomic::Ordering;

use super::guard::{PASSED_OVER, STAMP};
use crate::channel::End;

/// Of the guards of a choice.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    /// The earliest stamp, and in the room between stamps which guard has it: of equals the first.
    first: u64,
    /// The latest stamp.
    latest: u64,
}

impl Tally {
    /// Of plain guards. None: there are no guards, or more than can be told apart, or one was passed over for a timeout.
    #[inline(always)]
    pub(super) fn of(ends: &[&End]) -> Option<Self> {
        let mut tally = Self { first: u64::MAX, latest: 0 };
        for (index, end) in ends.iter().enumerate() {
            let stamp = end.stamp.load(Ordering::Relaxed);
            let both = stamp | index as u64;
            // A branch would be predicted wrongly: another one is the oldest each time.
            tally.first = select_unpredictable(both < tally.first, both, tally.first);
            tally.latest = stamp.max(tally.latest);
        }
        (tally.latest < PASSED_OVER && (ends.len() as u64).wrapping_sub(1) < STAMP).then_some(tally)
    }

    /// The guard whose end was chosen longest ago.
    #[inline(always)]
    pub(super) fn oldest(self) -> usize {
        (self.first % STAMP) as usize
    }

    /// The latest stamp.
    #[inline(always)]
    pub(super) fn latest(self) -> u64 {
        self.latest
    }
}
