//! What is seen of the ends of a choice: which one was chosen longest ago, and when the latest was.

use std::hint::select_unpredictable;
use std::sync::atomic::Ordering;

use super::guard::PASSED_OVER;
use crate::channel::End;

/// Of the guards of a choice.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    /// The guard whose end was chosen longest ago, of equals the first.
    pub(super) oldest: usize,
    /// The latest stamp.
    pub(super) latest: u64,
}

impl Tally {
    /// Of plain guards. None: there are no guards, or one was passed over for a timeout.
    #[inline(always)]
    pub(super) fn of(ends: &[&End]) -> Option<Self> {
        let (mut oldest, mut earliest, mut latest) = (0, u64::MAX, 0);
        for (index, end) in ends.iter().enumerate() {
            let stamp = end.stamp.load(Ordering::Relaxed);
            latest = stamp.max(latest);
            // A branch would be predicted wrongly: another one is the oldest each time.
            let older = stamp < earliest;
            oldest = select_unpredictable(older, index, oldest);
            earliest = select_unpredictable(older, stamp, earliest);
        }
        (latest < PASSED_OVER && !ends.is_empty()).then_some(Self { oldest, latest })
    }
}
