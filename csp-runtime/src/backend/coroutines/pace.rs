//! How long a worker's turns take. Where they are long, what it does only every so many turns would come too late.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Processes that talk take a hundredth of it for a turn.
const SLOW: Duration = Duration::from_micros(50);
/// The latest turns count for one part in so many: a short one among long ones changes little.
const WEIGHT: u32 = 8;

#[derive(Default)]
pub(super) struct Pace {
    /// The turn at which the clock was read last, and what it said.
    looked: Cell<Option<(u64, Instant)>>,
    /// How long a turn takes, on the average. (A rest counts as a turn: that costs some looks too many.)
    average: Cell<Duration>,
}

impl Pace {
    /// Whether turns took long when it looked last.
    pub(super) fn is_slow(&self) -> bool {
        self.average.get() > SLOW
    }

    /// It is `now` this turn.
    pub(super) fn look(&self, turn: u64, now: Instant) {
        let Some((of, then)) = self.looked.replace(Some((turn, now))) else { return };
        let turns = u32::try_from(turn - of).unwrap_or(u32::MAX).max(1);
        let average = self.average.get();
        self.average.set(average - average / WEIGHT + (now - then) / turns / WEIGHT);
    }
}
