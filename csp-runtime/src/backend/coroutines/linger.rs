//! How long a worker that has nothing to run looks around before it falls asleep. To wake a thread takes longer than most partners on
//! another worker do until their next message.

use std::cell::Cell;
use std::hint::spin_loop;
use std::thread;
use std::time::{Duration, Instant};

/// Some times of what it takes to sleep and to be woken (50 µs under a hypervisor): with less, two workers of which one waits for
/// the other in turn would lose too much of their time.
const LONGEST: Duration = Duration::from_micros(250);
/// For so long the processor is not offered to others, nor is it asked whether anybody runs who might bring work: an answer is on its way, perhaps.
const ALONE: Duration = Duration::from_micros(20);
/// Less is not worth a look at the clock.
const SHORTEST: Duration = Duration::from_micros(3);
/// Whoever was brought work after so long, waking up included, would have done better to stay awake.
const NOT_LONG: Duration = Duration::from_micros(300);
/// So many looks for work, for one at the clock.
const LOOKS: usize = 8;

/// For how long it pays, as far as the last times tell.
pub(super) struct Linger(Cell<Duration>);

impl Default for Linger {
    fn default() -> Self {
        Self(Cell::new(LONGEST))
    }
}

impl Linger {
    /// Whether it is worth while to begin.
    pub(super) fn pays(&self) -> bool {
        self.0.get() >= SHORTEST
    }

    /// Whether work has come, while it was looked for, to a worker that has none since `since`; until `due` at most. After a while it is given up if
    /// no other worker runs, which might bring some.
    pub(super) fn finds_work(
        &self,
        since: Instant,
        due: Option<Instant>,
        has_work: impl Fn() -> bool,
        others_run: impl Fn() -> bool,
    ) -> bool {
        loop {
            for _ in 0..LOOKS {
                if has_work() {
                    // The next time may take somewhat longer.
                    self.0.set((4 * since.elapsed()).clamp(ALONE, LONGEST));
                    return true;
                }
                spin_loop();
            }
            let now = Instant::now();
            let time = now - since;
            if time >= self.0.get() || due.is_some_and(|due| now >= due) || (time >= ALONE && !others_run()) {
                return false;
            }
            if time >= ALONE {
                thread::yield_now();
            }
        }
    }

    /// It was in vain: nobody has brought work for so long, all in all, or at all.
    pub(super) fn has_slept(&self, until_roused: Option<Duration>) {
        let would_have_paid = until_roused.is_some_and(|time| time < NOT_LONG);
        self.0.set(if would_have_paid { LONGEST } else { self.0.get() / 2 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether work is found that comes at this look, or never.
    fn finds(linger: &Linger, look: Option<usize>) -> bool {
        let looks = Cell::new(0);
        let has_work = || {
            looks.set(looks.get() + 1);
            look == Some(looks.get())
        };
        linger.finds_work(Instant::now(), None, has_work, || true)
    }

    #[test]
    fn it_is_given_up_where_it_does_not_pay_and_taken_up_where_it_would_have() {
        let linger = Linger::default();
        for time in [None, Some(NOT_LONG)] {
            assert!(linger.pays() && finds(&linger, Some(1)));
            for _ in 0..8 {
                assert!(!finds(&linger, None));
                linger.has_slept(time);
            }
            assert!(!linger.pays());
            linger.has_slept(time);
            assert!(!linger.pays(), "nor would it have");
            linger.has_slept(Some(NOT_LONG / 2));
        }
    }

    #[test]
    fn it_lasts_about_as_long_as_it_was_needed() {
        let linger = Linger::default();
        assert!(finds(&linger, Some(1)));
        assert!((ALONE..=LONGEST).contains(&linger.0.get()));
        let long_ago = Instant::now().checked_sub(LONGEST).expect("the clock has run for a while");
        assert!(linger.finds_work(long_ago, None, || true, || true), "a look comes before the clock");
        assert_eq!(linger.0.get(), LONGEST);
    }

    #[test]
    fn it_ends_when_nobody_is_left_to_bring_work_and_when_a_timer_is_due() {
        let (linger, now) = (Linger::default(), Instant::now());
        assert!(!linger.finds_work(now, None, || false, || false));
        assert!(now.elapsed() >= ALONE);
        let looks = Cell::new(0);
        let has_work = || {
            looks.set(looks.get() + 1);
            false
        };
        assert!(!linger.finds_work(Instant::now(), Some(now), has_work, || true));
        assert_eq!(looks.get(), LOOKS, "the timer is due");
    }
}
