//! Runs the cells of a workload, each in a fresh OS process, the subjects interleaved.

use std::io::{IsTerminal, Write, stderr};
use std::thread;
use std::time::{Duration, Instant};

use crate::args::Measurement;
use crate::cell::{Cell, Outcome};
use crate::fresh::{self, Failure, Terms};
use crate::machine::{Noise, TOLERABLE};
use crate::statistics;
use crate::workload::{Measure, Params, Pinning, Subject, Workload};
use crate::{ours, rivals};

const BETWEEN_TRIES: Duration = Duration::from_millis(300);

/// All runs of one subject on one row, unpinned or pinned.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) workload: Workload,
    pub(crate) subject: Subject,
    pub(crate) params: Params,
    pub(crate) pinning: Pinning,
    /// Sorted.
    pub(crate) figures: Vec<f64>,
    pub(crate) failure: Option<Failure>,
}

impl Record {
    /// The middle figure of those that there are.
    pub(crate) fn median(&self) -> Option<f64> {
        statistics::median(&self.figures)
    }

    pub(crate) fn min(&self) -> Option<f64> {
        self.figures.first().copied()
    }
}

/// What came of a workload.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) records: Vec<Record>,
    /// The share of the machine that other programs used meanwhile, if that can be told.
    pub(crate) others: Option<f64>,
}

/// Measures `workload`: run by run, in each run every cell once.
pub(crate) fn run(workload: Workload, asked: &Measurement) -> Results {
    let noise = Noise::listen();
    let cells = cells(workload, asked);
    let mut results: Vec<Vec<Result<Outcome, Failure>>> = vec![Vec::new(); cells.len()];
    let mut patience = asked.quiet;
    let timeout = asked.timeout.max(workload.least_timeout());
    for run in 0..asked.runs {
        for (index, &cell) in cells.iter().enumerate() {
            progress(workload, run * cells.len() + index, asked.runs * cells.len());
            results[index].push(undisturbed(cell, timeout, &mut patience));
        }
    }
    progress(workload, 0, 0);
    let checksum = results.iter().flatten().find_map(|result| result.ok()?.checksum);
    let records = cells.iter().zip(&results).flat_map(|(&cell, results)| records(cell, results, checksum)).collect();
    Results { records, others: noise.and_then(|noise| noise.others()) }
}

fn cells(workload: Workload, asked: &Measurement) -> Vec<Cell> {
    let rivals = workload.rivals().iter().copied();
    let ours = Subject::ALL.iter().copied().filter(|subject| subject.backend().is_some());
    let subjects: Vec<Subject> = ours
        .filter(|subject| *subject == asked.ours || !asked.only.is_empty())
        .chain(rivals.filter(|rival| asked.rivals && workload.compares(asked.ours, *rival) || !asked.only.is_empty()))
        .filter(|subject| asked.only.is_empty() || asked.only.contains(subject))
        .filter(|subject| ours::is_ready(*subject) && rivals::is_ready(*subject))
        .collect();
    let mut cells = Vec::new();
    let between = subjects.iter().any(|subject| subject.is_between());
    for params in workload.rows(asked.n, asked.size, between) {
        for &subject in &subjects {
            if !workload.has(params, subject) {
                continue;
            }
            for &pinning in workload.pinnings().iter().filter(|pinning| asked.pinnings.contains(pinning)) {
                cells.push(Cell { workload, params, subject, pinning });
            }
        }
    }
    cells
}

/// One record for the figure, and one for the CPU time where there is one.
fn records(cell: Cell, results: &[Result<Outcome, Failure>], checksum: Option<u64>) -> Vec<Record> {
    let checked: Vec<Result<Outcome, Failure>> = results
        .iter()
        .map(|&result| result.and_then(|it| if it.checksum == checksum { Ok(it) } else { Err(Failure::Wrong) }))
        .collect();
    let record = |measure: Option<Measure>, figure: fn(&Outcome) -> Option<f64>| {
        let mut figures: Vec<f64> = checked.iter().flatten().filter_map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let Cell { workload, subject, params, pinning } = cell;
        let failure = checked.iter().find_map(|result| result.err());
        Record { workload, subject, params: Params { measure, ..params }, pinning, figures, failure }
    };
    match cell.workload.measures() {
        Some((first, second)) => vec![
            record(Some(first), |outcome| Some(outcome.value)),
            record(Some(second), |outcome| outcome.cpu.or(outcome.p99)),
        ],
        None => vec![record(None, |outcome| Some(outcome.value))],
    }
}

/// Runs `cell` again and again while other programs disturb it and there is `patience` left.
fn undisturbed(cell: Cell, timeout: Duration, patience: &mut Duration) -> Result<Outcome, Failure> {
    loop {
        let (noise, start) = (Noise::listen(), Instant::now());
        let result = fresh::run(cell, &Terms { timeout, ..Terms::default() }).outcome;
        let disturbed = noise.and_then(|noise| noise.others()).is_some_and(|others| others > TOLERABLE);
        if !disturbed || patience.is_zero() {
            return result;
        }
        thread::sleep(BETWEEN_TRIES); // burning what others wait for would not make them go away
        *patience = patience.saturating_sub(start.elapsed());
    }
}

/// Shows on a terminal how far it is; nothing of `total` 0 clears the line.
fn progress(workload: Workload, done: usize, total: usize) {
    let mut terminal = stderr();
    if terminal.is_terminal() {
        let line = if total == 0 { String::new() } else { format!("{}: cell {done} of {total}", workload.name()) };
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(terminal, "\r\x1b[K{line}");
        let _ = terminal.flush();
    }
}
