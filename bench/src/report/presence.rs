//! Who can be measured on this machine, and why the others cannot.

use std::time::Duration;

use super::log::essence;
use crate::cell::Cell;
use crate::fresh::{self, Terms};
use crate::rivals;
use crate::timing;
use crate::workload::{Params, Pinning, Subject, Workload};

/// Somebody who takes no part, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Absent {
    pub(crate) name: String,
    pub(crate) why: String,
}

/// The subjects that are here, and those that are not.
pub(crate) fn roll_call() -> (Vec<Subject>, Vec<Absent>) {
    let mut present = Vec::new();
    let mut absent = Vec::new();
    for &subject in Subject::ALL {
        match excuse(subject) {
            None => present.push(subject),
            Some(why) => absent.push(Absent { name: subject.name().into(), why }),
        }
    }
    for backend in ["threads", "coroutines", "processes"] {
        let name = format!("csp:{backend}");
        if Subject::from_name(&name).is_none() {
            absent.push(Absent { name, why: "this version has no such backend".into() });
        }
    }
    (present, absent)
}

/// Why `subject` cannot be measured, if it cannot.
fn excuse(subject: Subject) -> Option<String> {
    if subject.backend().is_none() {
        return rivals::excuse(subject).map(String::from);
    }
    let trial = Cell { workload: Workload::Pingpong, params: Params::default(), subject, pinning: Pinning::Unpinned };
    let environment = vec![(timing::ROUNDS.to_owned(), "10".to_owned())];
    let terms = Terms { timeout: Duration::from_secs(10), environment, keeps_complaints: true, ..Terms::default() };
    let run = fresh::run(trial, &terms);
    let failure = run.outcome.err()?;
    let said = essence(&run.complaint);
    Some(if said.is_empty() { format!("ten round trips: {}", failure.name()) } else { said })
}
