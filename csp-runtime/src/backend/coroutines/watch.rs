//! What an idle worker sees of the others from time to time.

use std::time::{Duration, Instant};

use super::worker::Worker;
use super::workers::{self, Progress};

/// It looks so soon, and then half as often each time, whether another one computes while fresh processes wait.
const FIRST_LOOK: Duration = Duration::from_micros(100);
pub(super) const LAST_LOOK: Duration = Duration::from_millis(5);

/// Whether one of them computes while fresh processes wait.
pub(super) struct Watch {
    worker: &'static Worker,
    seen: Progress,
    at: Instant,
    interval: Duration,
}

impl Watch {
    pub(super) fn new(worker: &'static Worker) -> Self {
        Self { worker, seen: workers::progress(worker), at: Instant::now(), interval: FIRST_LOOK }
    }

    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// Somebody to take a fresh process from. After a rest of all, the looks are frequent again.
    pub(super) fn look(&mut self, rested: bool) -> Option<&'static Worker> {
        let (seen, now) = (workers::progress(self.worker), Instant::now());
        let time = now - self.at;
        // Somebody has woken it early: that look counts for nothing.
        if time < self.interval && !rested {
            return None;
        }
        // Who has not had a processor itself may have kept the other one from it.
        let on_time = time < 2 * self.interval;
        let victim = if on_time { workers::held_up(&self.seen, &seen, time) } else { None };
        (self.seen, self.at) = (seen, now);
        self.interval = if rested { FIRST_LOOK } else { (self.interval * 2).min(LAST_LOOK) };
        victim
    }
}
