//! When an end was chosen last, against the others of its choices.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// From one moment to the next. Between them is room to say which of so many guards it is, and for four million choices a second, for 30 years.
pub(super) const MOMENT: u64 = 1 << 10;
/// Of an end that no choice has taken yet: moment 0.
const NEVER: u64 = 1 << 62;
/// The end was passed over for a timeout.
const PASSED_OVER: u64 = 1 << 63;

/// A moment by the clock of the process that has chosen. Each process counts its choices, and takes over, before it chooses, what the ends show that
/// others have chosen: so the one that it chooses comes behind all others.
///
/// Kept is how far the moment is before the end of time, `NEVER`: how long ago it was is then a sum.
pub(crate) struct Stamp(AtomicU64);

impl Stamp {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    /// The moment.
    pub(super) fn moment(&self) -> u64 {
        NEVER - (self.0.load(Ordering::Relaxed) & !PASSED_OVER)
    }

    /// How long before `now` that was. More than `now` if it lies behind it, or the end was passed over.
    #[cfg_attr(not(all(not(loom), feature = "backend-coroutines")), allow(dead_code, reason = "coroutines look"))]
    #[inline(always)]
    pub(super) fn age(&self, now: u64) -> u64 {
        now.wrapping_sub(NEVER).wrapping_add(self.0.load(Ordering::Relaxed))
    }

    /// The end is chosen, by the process with this `clock`, which is behind none of the choice's ends.
    #[inline(always)]
    pub(super) fn renew(&self, clock: &Cell<u64>) {
        let now = clock.get() + MOMENT;
        clock.set(now);
        self.0.store(NEVER - now, Ordering::Relaxed);
    }

    /// Whether the last choice over this end took a timeout instead.
    pub(super) fn was_passed_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) & PASSED_OVER != 0
    }

    pub(super) fn set_passed_over(&self, passed_over: bool) {
        let mark = if passed_over { PASSED_OVER } else { 0 };
        self.0.store((NEVER - self.moment()) | mark, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_tells_whether_the_clock_has_been_there() {
        let (stamp, clock) = (Stamp::new(), Cell::new(5 * MOMENT));
        assert_eq!((stamp.moment(), stamp.age(clock.get())), (0, 5 * MOMENT));
        stamp.renew(&clock);
        assert_eq!((stamp.moment(), clock.get()), (6 * MOMENT, 6 * MOMENT));
        assert_eq!(stamp.age(8 * MOMENT), 2 * MOMENT);
        assert_eq!(stamp.age(6 * MOMENT), 0);
        assert!(stamp.age(5 * MOMENT) > 5 * MOMENT);
    }

    #[test]
    fn an_end_that_was_passed_over_shows_it_by_its_age_and_keeps_its_moment() {
        let (stamp, clock) = (Stamp::new(), Cell::new(0));
        stamp.renew(&clock);
        let now = 7 * MOMENT;
        stamp.set_passed_over(true);
        assert!(stamp.was_passed_over() && stamp.age(now) > now);
        assert_eq!(stamp.moment(), MOMENT);
        stamp.set_passed_over(false);
        assert!(!stamp.was_passed_over());
        assert_eq!(stamp.age(now), 6 * MOMENT);
    }
}
