//! What an idle worker sees of the others from time to time.

use std::time::{Duration, Instant};

use super::vigil::Vigil;
use super::worker::Worker;
use super::workers::{self, Progress};

/// It looks so soon, and then half as often each time, whether another one computes or is blocked while fresh processes wait.
const FIRST_LOOK: Duration = Duration::from_micros(100);
const LAST_LOOK: Duration = Duration::from_millis(5);
/// The only look if all rest. A rest that has only begun may be over soon: it costs less to look once more than to have somebody told.
const LOOK_AT_REST: Duration = Duration::from_micros(250);

/// Whether one of them is held up while fresh processes wait.
pub(super) struct Watch {
    worker: &'static Worker,
    seen: Progress,
    at: Instant,
    /// From one look to the next. None: there has been nothing to see for long.
    interval: Option<Duration>,
    /// What it is about to sleep for, if nothing else comes.
    planned: Option<Duration>,
    /// Whether it is to keep a vigil once fresh processes wait: when it falls idle, and when it has been told of some.
    owes_vigil: bool,
}

impl Watch {
    pub(super) fn new(worker: &'static Worker) -> Self {
        let (seen, at) = (workers::progress(worker), Instant::now());
        Self { worker, seen, at, interval: Some(FIRST_LOOK), planned: None, owes_vigil: true }
    }

    /// How long until the next look. None: whoever launches something will tell.
    pub(super) fn plan(&mut self, all_rest: bool) -> Option<Duration> {
        let next =
            |interval| if all_rest { Some(LOOK_AT_REST).filter(|look| interval < *look) } else { Some(interval) };
        self.planned = self.interval.and_then(next);
        self.planned
    }

    /// Whether it keeps a vigil now, and owes none any more.
    pub(super) fn begins_vigil(&mut self, vigil: &Vigil) -> bool {
        let begins = self.owes_vigil && vigil.pays() && workers::others_have_fresh(self.worker);
        self.owes_vigil &= !begins;
        begins
    }

    /// Somebody to take a fresh process from, by what has changed since the last look.
    pub(super) fn look(&mut self, vigil: &Vigil) -> Option<&'static Worker> {
        let (seen, now) = (workers::progress(self.worker), Instant::now());
        let time = now - self.at;
        let victim = match self.planned {
            // Somebody has woken it early: that look counts for nothing.
            Some(planned) if time < planned => return None,
            Some(planned) => {
                // Who has not had a processor itself may have kept the other one from it.
                let on_time = time < 2 * planned;
                let next = if workers::others_have_fresh(self.worker) { LAST_LOOK } else { 2 * LAST_LOOK };
                self.interval = Some((2 * planned).min(next)).filter(|interval| *interval <= LAST_LOOK);
                let held_up = if on_time { workers::held_up(&self.seen, &seen, time, self.worker) } else { None };
                held_up.inspect(|_| vigil.pays_again())
            }
            // It has been told, perhaps.
            None => {
                (self.interval, self.owes_vigil) = (Some(FIRST_LOOK), true);
                None
            }
        };
        (self.seen, self.at) = (seen, now);
        victim
    }
}
