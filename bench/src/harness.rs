//! Runs the cells of a workload, each in a fresh OS process, the subjects interleaved.

use std::io::{IsTerminal, Read, Write, stderr};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::args::Measurement;
use crate::cell::{self, Cell, Outcome};
use crate::machine::Noise;
use crate::workload::{Measure, Params, Pinning, Subject, Workload};
use crate::{ours, rivals};

/// The share of the machine that other programs may use during a run that counts, with `--quiet`.
const TOLERABLE: f64 = 0.1;
const BETWEEN_TRIES: Duration = Duration::from_millis(300);

/// Why a run has no figure; its name is what the tables show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    TimedOut,
    Failed,
    /// It ran, but what it computed differs from what the others did.
    Wrong,
}

impl Failure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TimedOut => "timeout",
            Self::Failed => "failed",
            Self::Wrong => "wrong",
        }
    }
}

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
        let middle = self.figures.len() / 2;
        let upper = *self.figures.get(middle)?;
        let even = self.figures.len().is_multiple_of(2);
        Some(if even { (self.figures[middle - 1] + upper) / 2.0 } else { upper })
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
        let result = in_fresh_process(cell, timeout);
        let disturbed = noise.and_then(|noise| noise.others()).is_some_and(|others| others > TOLERABLE);
        if !disturbed || patience.is_zero() {
            return result;
        }
        thread::sleep(BETWEEN_TRIES); // burning what others wait for would not make them go away
        *patience = patience.saturating_sub(start.elapsed());
    }
}

fn in_fresh_process(cell: Cell, timeout: Duration) -> Result<Outcome, Failure> {
    let mut child = start(cell).map_err(|_| Failure::Failed)?;
    let printed = first_output(&mut child, timeout);
    if printed.is_none() {
        // It may have ended by itself just now: then there is nobody to kill, which is as well.
        let _ = child.kill();
    }
    let ended = child.wait().map_err(|_| Failure::Failed)?;
    let printed = printed.ok_or(Failure::TimedOut)?;
    if !ended.success() {
        return Err(Failure::Failed);
    }
    serde_json::from_str(&printed).map_err(|_| Failure::Failed)
}

fn start(cell: Cell) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg(cell::SUBCOMMAND)
        .arg(serde_json::to_string(&cell)?)
        .env("RUST_BACKTRACE", "0") // the message of a failed cell is enough
        .envs(cell.subject.backend().map(|backend| ("CSP_BACKEND", backend)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
}

/// What `child` prints until it closes its output, or `None` if that takes too long.
pub(crate) fn first_output(child: &mut Child, timeout: Duration) -> Option<String> {
    let mut output = child.stdout.take()?;
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = output.read_to_string(&mut text);
        // Nobody listens any more after a time-out.
        let _ = done.send(read.map(|_| text));
    });
    finished.recv_timeout(timeout).ok()?.ok()
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
