//! How long a worker's turns take. Where they are long, what it does only every so many turns would come too late.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Processes that talk take a hundredth of it for a turn, and a tenth where valgrind counts their instructions.
const SLOW: Duration = Duration::from_micros(50);
/// The latest turns count for one part in so many: a short one among long ones changes little.
const WEIGHT: u32 = 8;
/// As long as the longest turns count: a rest, which looks like one, is soon forgotten.
const LONGEST: Duration = Duration::from_micros(800);
/// After so many turns nobody knows how long they are by now.
const STALE: u64 = 64;

#[derive(Default)]
pub(super) struct Pace {
    /// The turn at which the clock was read last, and what it said.
    looked: Cell<Option<(u64, Instant)>>,
    /// How long a turn takes, on the average.
    average: Cell<Duration>,
}

impl Pace {
    /// Whether turns took long when it looked last.
    pub(super) fn is_slow(&self) -> bool {
        self.average.get() > SLOW
    }

    /// Whether it has not looked for long.
    pub(super) fn is_stale(&self, turn: u64) -> bool {
        self.looked.get().is_none_or(|(of, _)| turn - of >= STALE)
    }

    /// It is `now` this turn.
    pub(super) fn look(&self, turn: u64, now: Instant) {
        let Some((of, then)) = self.looked.replace(Some((turn, now))) else { return };
        let turns = u32::try_from(turn - of).unwrap_or(u32::MAX).max(1);
        let (average, latest) = (self.average.get(), ((now - then) / turns).min(LONGEST));
        self.average.set(average - average / WEIGHT + latest / WEIGHT);
    }
}
