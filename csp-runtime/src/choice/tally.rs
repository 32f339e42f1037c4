//! What is seen of the ends of a choice: which one was chosen longest ago.

use std::hint::select_unpredictable;

use super::stamp::MOMENT;
use crate::channel::End;

/// The guard whose end was chosen longest ago, of equals the first; by a process whose clock is at `now`. None: there are no guards, or more than can
/// be told apart, or one was passed over for a timeout, or chosen by somebody whose clock is ahead: the age of such a one is above all others.
#[inline(always)]
pub(super) fn oldest(ends: &[&End], now: u64) -> Option<usize> {
    // Its age; and, in the room between two moments, how many guards may come after it.
    let most = now + (MOMENT - 1);
    let age = |index: usize, end: &End| end.stamp.age(most).wrapping_sub(index as u64);
    let mut greatest = 0;
    // By fours, so that few comparisons wait for each other.
    let (fours, rest) = ends.as_chunks::<4>();
    let mut index = 0;
    for [a, b, c, d] in fours {
        let first = greater(age(index, a), age(index + 1, b));
        let second = greater(age(index + 2, c), age(index + 3, d));
        greatest = greater(greatest, greater(first, second));
        index += 4;
    }
    for end in rest {
        greatest = greater(greatest, age(index, end));
        index += 1;
    }
    let are_told = greatest <= most && (ends.len() as u64).wrapping_sub(1) < MOMENT;
    are_told.then_some((MOMENT - 1 - greatest % MOMENT) as usize)
}

/// A branch would be predicted wrongly: another one is the oldest each time.
#[inline(always)]
fn greater(one: u64, other: u64) -> u64 {
    select_unpredictable(one > other, one, other)
}
