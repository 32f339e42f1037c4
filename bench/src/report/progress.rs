//! What remains to be measured, from the plan and from what there is: the same after an interruption as without one.

use std::collections::HashMap;
use std::time::Duration;

use super::effort::Effort;
use super::log::Entry;
use crate::cell::Cell;
use crate::workload::Params;

/// What is known of the cells so far.
pub(crate) struct Progress {
    effort: Effort,
    cells: HashMap<String, Past>,
    /// The least N at which a ladder, which is a cell without its N, has failed or taken too long.
    ceilings: HashMap<String, usize>,
    used: f64,
}

#[derive(Clone, Copy, Default)]
struct Past {
    runs: usize,
    failures: usize,
    seconds: f64,
}

impl Progress {
    pub(crate) fn new(effort: Effort, entries: &[Entry]) -> Self {
        let mut progress = Self { effort, cells: HashMap::new(), ceilings: HashMap::new(), used: 0.0 };
        entries.iter().for_each(|entry| progress.note(entry));
        progress
    }

    /// Takes a run into account.
    pub(crate) fn note(&mut self, entry: &Entry) {
        self.used += entry.seconds;
        let past = self.cells.entry(key(&entry.cell)).or_default();
        past.runs += 1;
        past.failures += usize::from(entry.failure.is_some());
        past.seconds += entry.seconds;
        let too_much = entry.failure.is_some() || entry.seconds > self.effort.per_rung().as_secs_f64();
        if let Some((ladder, n)) = rung(&entry.cell).filter(|_| too_much) {
            let ceiling = self.ceilings.entry(ladder).or_insert(n);
            *ceiling = n.min(*ceiling);
        }
    }

    /// What is left of the time for all.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_secs_f64((self.effort.total().as_secs_f64() - self.used).max(0.0))
    }

    /// Whether `cell` wants its run number `run` (from 0), and there is time for it.
    pub(crate) fn wants(&self, cell: &Cell, run: usize) -> bool {
        let past = self.cells.get(&key(cell)).copied().unwrap_or_default();
        let room = if past.runs == 0 {
            !self.left().is_zero() && self.may_climb(cell)
        } else {
            let next = past.seconds / past.runs as f64; // as the others were
            past.seconds + next <= self.effort.per_cell().as_secs_f64() && next <= self.left().as_secs_f64()
        };
        past.runs <= run && past.failures == 0 && room
    }

    /// Whether no smaller N of the same has failed or taken too long: so the greatest N within a time budget is found.
    fn may_climb(&self, cell: &Cell) -> bool {
        rung(cell).is_none_or(|(ladder, n)| self.ceilings.get(&ladder).is_none_or(|ceiling| n <= *ceiling))
    }
}

/// The ladder that `cell` is part of, and how high it stands there.
fn rung(cell: &Cell) -> Option<(String, usize)> {
    let n = cell.params.n.filter(|_| cell.workload.climbs())?;
    Some((key(&Cell { params: Params { n: None, ..cell.params }, ..*cell }), n))
}

fn key(cell: &Cell) -> String {
    serde_json::to_string(cell).expect("a cell is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fresh::Failure;
    use crate::workload::{Pinning, Subject, Workload};

    fn ring(n: usize) -> Cell {
        let params = Params { n: Some(n), ..Params::default() };
        Cell { workload: Workload::Ring, params, subject: Subject::Go1, pinning: Pinning::Unpinned }
    }

    fn entry(cell: Cell, seconds: f64, failure: Option<Failure>) -> Entry {
        let outcome = failure.is_none().then(|| 1.0.into());
        Entry { cell, outcome, failure, complaint: String::new(), seconds, others: None }
    }

    #[test]
    fn each_pass_runs_what_has_fewer_runs() {
        let log = [entry(ring(8), 0.1, None), entry(ring(8), 0.1, None), entry(ring(64), 0.1, None)];
        let progress = Progress::new(Effort::Quick, &log);
        let wanted = |run| [8, 64, 512].map(|n| progress.wants(&ring(n), run));
        assert_eq!(wanted(0), [false, false, true], "the interrupted first pass goes on");
        assert_eq!(wanted(1), [false, true, true]);
        assert_eq!(wanted(2), [true, true, true]);
    }

    #[test]
    fn nobody_climbs_beyond_a_failure_or_a_slow_run() {
        let failed = Progress::new(Effort::Quick, &[entry(ring(64), 0.1, Some(Failure::TimedOut))]);
        assert_eq!([8, 64, 128].map(|n| failed.wants(&ring(n), 1)), [true, false, false]);
        let slow = Progress::new(Effort::Quick, &[entry(ring(64), 1.8, None)]);
        assert_eq!([8, 64, 128].map(|n| slow.wants(&ring(n), 1)), [true, false, false]);
        let other = Cell { subject: Subject::Go2, ..ring(128) };
        assert!(slow.wants(&other, 0), "another one's ladder is its own");
    }

    #[test]
    fn when_the_time_is_used_up_nothing_is_wanted() {
        let all = Effort::Quick.total().as_secs_f64();
        let progress = Progress::new(Effort::Quick, &[entry(ring(8), all, None)]);
        assert!(progress.left().is_zero());
        assert!(!progress.wants(&ring(64), 0));
        let nearly = Progress::new(Effort::Quick, &[entry(ring(8), all - 1.0, None), entry(ring(64), 0.9, None)]);
        assert!(!nearly.wants(&ring(64), 1), "it would take longer than what is left");
        assert!(nearly.wants(&ring(2), 0));
    }
}
