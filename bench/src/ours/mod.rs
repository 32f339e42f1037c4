//! Our side: the workloads as a user of the library writes them, on the backend that the cell names.

mod between;
mod choice;
mod deadlock;
mod death;
mod farm;
mod field;
mod idle;
mod lives;
mod micro;
mod networks;
mod pi;
mod sieve;
mod sizes;
mod spawn;
mod switch;
mod timers;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use csp::prelude::*;

use crate::cell::{Cell, Outcome};
use crate::timing::ns_per_round;
use crate::workload::{Kind, Subject, Workload};

/// Whether this build has the subject's backend, if it is ours; one line says so if not.
pub(crate) fn is_ready(subject: Subject) -> bool {
    static PROCESSES: OnceLock<bool> = OnceLock::new();
    let processes = || "processes".parse::<csp::Backend>();
    subject != Subject::CspProcesses
        || *PROCESSES.get_or_init(|| {
            processes().inspect_err(|why| eprintln!("csp-bench: csp:processes is skipped: {why}")).is_ok()
        })
}

/// Runs `cell`, whose subject is ours.
///
/// # Panics
/// If a result is wrong, or this build does not have the backend.
pub(crate) fn run(cell: Cell) -> Outcome {
    configure(cell);
    if std::env::var_os(INSIDE).is_none() {
        return measure(cell);
    }
    let outcome = OnceLock::new();
    par! { inside(cell, &outcome) };
    outcome.into_inner().expect("the cell has ended")
}

/// Makes this program the parent that ours is: one that has spawned processes by csp.
pub(crate) fn become_a_parent() {
    let backend = "processes".parse().unwrap_or_else(|why| panic!("{why}"));
    csp::Config::new().backend(backend).set().expect("nothing has run yet");
    let _ = spawn::alone(1);
}

/// Settings are set once, so all that the cell asks for are set here.
fn configure(cell: Cell) {
    let backend = cell.subject.backend().expect("ours").parse().unwrap_or_else(|why| panic!("{why}"));
    let mut config = csp::Config::new().backend(backend);
    if cell.workload == Workload::Workers {
        config = config.workers(cell.params.workers());
    }
    config.set().expect("nothing has run yet");
}

/// A cell that is counted runs in a process from the beginning: how its processes start does not depend on how the system
/// switches between main's thread and the worker's, which would decide what a choice then finds ready for ever.
pub(crate) const INSIDE: &str = "CSP_BENCH_INSIDE";

#[process(shares_memory)]
fn inside(cell: Cell, outcome: &OnceLock<Outcome>) {
    let _ = outcome.set(measure(cell));
}

fn measure(cell: Cell) -> Outcome {
    match cell.workload {
        Workload::Pingpong => ns_per_round(networks::pingpong).into(),
        Workload::Stream => ns_per_round(networks::stream).into(),
        Workload::Commstime => ns_per_round(networks::commstime).into(),
        Workload::Ring => {
            let n = cell.params.n();
            (ns_per_round(|laps| networks::ring(n, 1, laps)) / n as f64).into()
        }
        Workload::Tokens => {
            let (n, tokens) = (cell.params.n(), cell.params.tokens());
            (ns_per_round(|laps| networks::ring(n, tokens, laps)) / (n * tokens) as f64).into()
        }
        Workload::Start => {
            let n = cell.params.n();
            (ns_per_round(|times| lives::start(n, times)) / n as f64).into()
        }
        Workload::Memory => lives::memory(cell.params.n()).into(),
        Workload::Primes => sieve::primes(cell.params.n()).into(),
        Workload::Limit => milliseconds(|| {
            networks::ring(cell.params.n(), 1, 1);
        }),
        Workload::Choice => ns_per_round(match cell.params.kind() {
            Kind::Inputs => choice::inputs,
            Kind::Mixed => choice::mixed,
        })
        .into(),
        Workload::Mandelbrot => farm::mandelbrot(cell.params.picture(), cell.params.workers()),
        Workload::Spawn if cell.params.n == Some(1) => ns_per_round(spawn::alone).into(),
        Workload::Spawn => ns_per_round(spawn::spawn).into(),
        Workload::Sizes => sizes::sizes(cell.params).into(),
        Workload::Death => death::death(cell.params.n()),
        Workload::Deadlock => deadlock::deadlock(cell.params.n()),
        Workload::Switch => ns_per_round(switch::switch).into(),
        Workload::Between => ns_per_round(between::between).into(),
        Workload::Workers => match cell.params.n {
            Some(n) => (ns_per_round(|laps| networks::ring(n, 1, laps)) / n as f64).into(),
            None => ns_per_round(networks::commstime).into(),
        },
        Workload::Idle => idle::idle().into(),
        Workload::Timers => timers::timers().into(),
        Workload::Pi => pi::pi(cell.params.workers()),
        Workload::CommstimePar => ns_per_round(field::commstime_par).into(),
        Workload::OccamRing => {
            let (n, tokens) = (cell.params.n(), cell.params.tokens());
            (ns_per_round(|rounds| field::occam_ring(n, tokens, rounds)) / (n * tokens) as f64).into()
        }
        Workload::StressedAlt => {
            let (channels, writers) = (cell.params.n(), cell.params.writers());
            ns_per_round(|messages| field::stressed_alt(channels, writers, messages)).into()
        }
        Workload::ChoiceTime => {
            let n = cell.params.n();
            ns_per_round(|messages| choice::choosing(n, 0, messages)).into()
        }
        Workload::Micro => {
            let op = cell.params.op();
            ns_per_round(|rounds| micro::micro(op, rounds)).into()
        }
        Workload::MacroCost => unreachable!("macro-cost runs cargo, not a program of ours"),
    }
}

fn milliseconds(work: impl FnOnce()) -> Outcome {
    let start = Instant::now();
    work();
    (start.elapsed().as_secs_f64() * 1e3).into()
}

/// The time that the measuring process of a network returned.
fn timed(result: Result<Duration, csp::Stopped>) -> Duration {
    result.expect("nobody leaves before the one that measures")
}
