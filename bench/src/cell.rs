//! One cell: one subject, one workload, one pinning, in an OS process of its own that prints its outcome.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::workload::{Params, Pinning, Subject, Workload};
use crate::{machine, macro_cost, ours, rivals};

/// The hidden first argument that makes this program run a cell.
pub(crate) const SUBCOMMAND: &str = "cell";

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) workload: Workload,
    pub(crate) params: Params,
    pub(crate) subject: Subject,
    pub(crate) pinning: Pinning,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// The figure, in the workload's unit.
    pub(crate) value: f64,
    /// The CPU time, in the same unit, where the workload measures it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<f64>,
    /// What only one of a hundred exceeds, in the same unit, where the workload measures it many times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) p99: Option<f64>,
    /// A checksum of the result, which has to be the same for every subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<u64>,
}

impl From<f64> for Outcome {
    fn from(value: f64) -> Self {
        Self { value, cpu: None, p99: None, checksum: None }
    }
}

impl Outcome {
    pub(crate) fn of_wall_and_cpu(wall: Duration, cpu: Duration, checksum: u64) -> Self {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        Self { cpu: Some(ms(cpu)), checksum: Some(checksum), ..ms(wall).into() }
    }
}

/// Runs the cell that the harness describes in `description`, and prints its outcome as JSON.
///
/// A failure is a panic: its message goes to standard error, where the user sees it.
pub(crate) fn main(description: Option<OsString>) -> ExitCode {
    let cell: Cell = description
        .and_then(|text| serde_json::from_str(text.to_str()?).ok())
        .expect("`cell` is for the harness: it takes the JSON of a cell");
    machine::die_with_parent().expect("the parent-death signal");
    if cell.pinning == Pinning::Pinned {
        machine::pin_to_one_core().expect("one core to run on");
    }
    let outcome = run(cell);
    println!("{}", serde_json::to_string(&outcome).expect("numbers are JSON"));
    ExitCode::SUCCESS
}

fn run(cell: Cell) -> Outcome {
    match cell.subject.backend() {
        _ if cell.workload == Workload::MacroCost => macro_cost::run(cell),
        Some(_) => ours::run(cell),
        None => rivals::run(cell),
    }
}
