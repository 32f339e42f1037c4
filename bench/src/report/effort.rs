//! How much time a report may take, and how that is shared out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Quick or full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effort {
    /// Within 5 minutes.
    Quick,
    /// Within 45 minutes.
    Full,
}

impl Effort {
    pub(crate) fn name(self) -> &'static str {
        self.pick("quick", "full")
    }

    /// For all cells together; the rest of the promised time is for writing the report.
    pub(crate) fn total(self) -> Duration {
        Duration::from_secs(self.pick(280, 43 * 60))
    }

    /// For the timed part of a run.
    pub(crate) fn timed(self) -> Duration {
        Duration::from_millis(self.pick(50, 250))
    }

    /// Nobody gets more runs than this.
    pub(crate) fn runs(self) -> usize {
        self.pick(5, 11)
    }

    /// After this a run is killed.
    pub(crate) fn timeout(self) -> Duration {
        Duration::from_secs(self.pick(5, 60))
    }

    /// A cell that has used this up, start-up included, is not run again.
    pub(crate) fn per_cell(self) -> Duration {
        Duration::from_secs(self.pick(2, 20))
    }

    /// A subject whose run takes longer than this is not tried with a greater N.
    pub(crate) fn per_rung(self) -> Duration {
        Duration::from_millis(self.pick(1500, 20_000))
    }

    pub(crate) fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}
