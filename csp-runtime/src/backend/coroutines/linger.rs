//! How long a worker that has nothing to run looks around before it falls asleep. To wake a thread takes longer than most partners on
//! another worker do until their next message.

use std::cell::Cell;
use std::hint::spin_loop;
use std::time::{Duration, Instant};

/// Some times of what it takes to sleep and to be woken (50 µs under a hypervisor): with less, two workers of which one waits for
/// the other in turn would lose too much of their time.
const LONGEST: Duration = Duration::from_micros(250);
/// Less is not worth a look at the clock.
const SHORTEST: Duration = Duration::from_micros(3);
/// Whoever found work after so long, waking up included, would have done better to stay awake.
const NOT_LONG: Duration = Duration::from_micros(300);
/// So many looks for work, for one at the clock and at the other workers.
const LOOKS: usize = 8;

/// For how long it pays, as far as the last times tell: each time that it has not, half as long.
pub(super) struct Linger(Cell<Duration>);

impl Default for Linger {
    fn default() -> Self {
        Self(Cell::new(LONGEST))
    }
}

impl Linger {
    /// Whether work has come, while it was looked for, to a worker that has none since `since`; until `due` at most. It is given up once
    /// no other worker runs, which might bring some.
    pub(super) fn finds_work(
        &self,
        since: Instant,
        due: Option<Instant>,
        has_work: impl Fn() -> bool,
        others_run: impl Fn() -> bool,
    ) -> bool {
        let limit = self.0.get();
        if limit < SHORTEST {
            return false;
        }
        let end = due.into_iter().fold(since + limit, Instant::min);
        while others_run() && Instant::now() < end {
            for _ in 0..LOOKS {
                if has_work() {
                    self.0.set(LONGEST);
                    return true;
                }
                spin_loop();
            }
        }
        false
    }

    /// It has slept in the end, and found no work for so long, all in all.
    pub(super) fn has_slept(&self, time: Duration) {
        self.0.set(if time < NOT_LONG { LONGEST } else { self.0.get() / 2 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_up_where_it_does_not_pay_and_taken_up_where_it_would_have() {
        let (linger, looks) = (Linger::default(), Cell::new(0));
        let finds_some_at_look = |number: usize| {
            looks.set(0);
            let has_work = || {
                looks.set(looks.get() + 1);
                looks.get() == number
            };
            linger.finds_work(Instant::now(), None, has_work, || true)
        };
        assert!(finds_some_at_look(1));
        for _ in 0..16 {
            assert!(!finds_some_at_look(usize::MAX));
            linger.has_slept(NOT_LONG);
        }
        assert_eq!((finds_some_at_look(1), looks.get()), (false, 0), "it has not paid, and is not even begun");
        linger.has_slept(NOT_LONG);
        assert!(!finds_some_at_look(1), "nor would it have");
        linger.has_slept(NOT_LONG / 2);
        assert!(finds_some_at_look(1));
    }

    #[test]
    fn it_ends_when_nobody_is_left_to_bring_work_and_when_a_timer_is_due() {
        let (linger, now) = (Linger::default(), Instant::now());
        assert!(!linger.finds_work(now, None, || unreachable!("nobody runs"), || false));
        assert!(!linger.finds_work(now, Some(now), || unreachable!("the timer comes first"), || true));
    }
}
