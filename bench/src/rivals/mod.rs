//! The other crates: the same programs, written as their own documentation would write them.

mod between;
mod cache_line;
mod corosensei;
mod crossbeam;
mod field;
mod flume;
mod go;
mod kanal;
mod kanal_async;
mod lives;
mod may;
mod networks;
mod pycsp;
mod rayon;
mod sequential;
mod standard;
mod tasks;
mod tokio;

use crate::cell::{Cell, Outcome};
use crate::timing::ns_per_round;
use crate::workload::{Kind, Subject, Workload};

/// The other end is gone.
#[derive(Debug)]
struct Gone;

/// A crate's rendezvous channel of `u64`: nothing but its own calls, so that nothing comes between.
trait Rival {
    type Sender: Send;
    type Receiver: Send;
    fn rendezvous() -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, message: u64) -> Result<(), Gone>;
    fn recv(receiver: &Self::Receiver) -> Result<u64, Gone>;
}

/// Whether `subject` has what it needs on this machine; one line says so if not.
pub(crate) fn is_ready(subject: Subject) -> bool {
    excuse(subject).is_none()
}

/// What `subject` lacks, if it lacks anything.
pub(crate) fn excuse(subject: Subject) -> Option<&'static str> {
    let found = match subject {
        Subject::Go1 | Subject::Go2 => go::built(),
        Subject::Pycsp => pycsp::found(),
        _ => return None,
    };
    found.as_ref().err().map(String::as_str)
}

/// Runs `cell`, whose subject is not ours.
///
/// # Panics
/// If the subject has no such program, or a result is wrong.
pub(crate) fn run(cell: Cell) -> Outcome {
    match cell.subject {
        Subject::Crossbeam if cell.workload == Workload::Choice => ns_per_round(match cell.params.kind() {
            Kind::Inputs => crossbeam::inputs,
            Kind::Mixed => crossbeam::mixed,
        })
        .into(),
        Subject::Crossbeam if cell.workload == Workload::ChoiceTime => {
            let n = cell.params.n();
            ns_per_round(|messages| crossbeam::selecting(n, 0, messages)).into()
        }
        Subject::Crossbeam if cell.workload == Workload::StressedAlt => {
            let (channels, writers) = (cell.params.n(), cell.params.writers());
            ns_per_round(|messages| crossbeam::stressed(channels, writers, messages)).into()
        }
        Subject::Flume if cell.workload == Workload::Choice => ns_per_round(flume::inputs).into(),
        Subject::Std if cell.workload == Workload::Spawn => ns_per_round(standard::spawn).into(),
        between if between.is_between() => between::run(cell),
        Subject::CacheLine => ns_per_round(cache_line::round_trips).into(),
        Subject::CorosenseiRaw => ns_per_round(corosensei::switch).into(),
        Subject::Go1 | Subject::Go2 => go::run(cell),
        Subject::KanalAsync => tasks::network::<kanal_async::KanalAsync>(cell),
        Subject::Tokio => tasks::network::<tokio::Tokio>(cell),
        Subject::May => may::run(cell),
        Subject::Crossbeam => network::<crossbeam::Crossbeam>(cell),
        Subject::Kanal => network::<kanal::Kanal>(cell),
        Subject::Flume => network::<flume::Flume>(cell),
        Subject::Std => network::<standard::Std>(cell),
        Subject::Pycsp => pycsp::run(cell),
        Subject::Rayon if cell.workload == Workload::Pi => rayon::pi(cell.params.workers()),
        Subject::Rayon => rayon::mandelbrot(cell.params.picture(), cell.params.workers()),
        Subject::Sequential => sequential::mandelbrot(cell.params.picture()),
        ours => panic!("{} is no rival", ours.name()),
    }
}

fn network<R: Rival>(cell: Cell) -> Outcome {
    match cell.workload {
        Workload::Pingpong => ns_per_round(networks::pingpong::<R>).into(),
        Workload::Stream => ns_per_round(networks::stream::<R>).into(),
        Workload::Commstime => ns_per_round(networks::commstime::<R>).into(),
        Workload::Ring => {
            let n = cell.params.n();
            (ns_per_round(|laps| networks::ring::<R>(n, laps)) / n as f64).into()
        }
        Workload::OccamRing => {
            let (n, tokens) = (cell.params.n(), cell.params.tokens());
            (ns_per_round(|rounds| networks::occam_ring::<R>(n, tokens, rounds)) / (n * tokens) as f64).into()
        }
        Workload::Limit => networks::limit::<R>(cell.params.n()).into(),
        other => panic!("{} has no {}", cell.subject.name(), other.name()),
    }
}
