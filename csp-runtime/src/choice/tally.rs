//! What is seen of the ends of a choice while they are gathered: which one was chosen longest ago.

use std::cell::Cell;
use std::hint::select_unpredictable;
use std::sync::atomic::Ordering;

use super::guard::STAMP;
use crate::channel::End;

/// Of the guards of a choice.
///
/// One word tells two things, as it is an unsigned number: who was chosen longest ago, and whether each stamp is one of those that the process
/// knows of. Of one that its clock has not come to yet, or that is marked as passed over, the difference falls below zero, and so is
/// above all others.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    /// How long ago the one was chosen that was chosen longest ago; and, in the room between two moments, how many guards may come after it: of
    /// equals the first has most.
    longest: u64,
    /// The same of a guard that was chosen at moment 0 and is the first: the most that there can be.
    most: u64,
}

impl Tally {
    /// Of no guards yet, but at most `guards`, by a process whose latest choice was at `now`.
    #[inline(always)]
    pub(super) fn begin(now: u64, guards: usize) -> Self {
        let longest = if guards as u64 <= STAMP { 0 } else { u64::MAX };
        Self { longest, most: now + (STAMP - 1) }
    }

    /// There is one more guard, the one at `index`.
    #[inline(always)]
    pub(super) fn count(&mut self, index: usize, end: &End) {
        let ago = self.most.wrapping_sub(end.stamp.load(Ordering::Relaxed)).wrapping_sub(index as u64);
        // A branch would be predicted wrongly: another one is the oldest each time.
        self.longest = select_unpredictable(ago > self.longest, ago, self.longest);
    }

    /// It is not known any more.
    #[inline(always)]
    pub(super) fn lose(&mut self) {
        self.longest = u64::MAX;
    }

    /// Of all these, told anew.
    pub(super) fn of(ends: &[&End], now: u64) -> Self {
        let mut tally = Self::begin(now, ends.len());
        ends.iter().enumerate().for_each(|(index, end)| tally.count(index, end));
        tally
    }

    /// The guard whose end was chosen longest ago. None: one was passed over for a timeout, or chosen by somebody whose clock is ahead, or the
    /// process has chosen meanwhile; or this has lost count, or there are too many to be told apart. (Without guards, one that is not there.)
    #[inline(always)]
    pub(super) fn oldest(self, clock: &Cell<u64>) -> Option<usize> {
        let is_known = self.most == clock.get() + (STAMP - 1) && self.longest <= self.most;
        is_known.then_some((STAMP - 1 - self.longest % STAMP) as usize)
    }
}
