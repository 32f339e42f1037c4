//! What a report measures: every workload on everybody who is there, and the points of the paper's figures.

use super::effort::Effort;
use crate::cell::Cell;
use crate::paper;
use crate::workload::{Params, Payload, Pinning, Subject, Way, Workload};

/// All cells, each once. Those of a row stand together, so that what is compared is measured at about the same time.
pub(crate) fn plan(effort: Effort, present: &[Subject]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &workload in Workload::ALL {
        for params in rows(workload, effort) {
            row(&mut cells, workload, params, present, workload.pinnings());
        }
    }
    for (workload, params, subjects) in paper::points(effort) {
        let there: Vec<Subject> = present.iter().copied().filter(|subject| subjects.contains(subject)).collect();
        row(&mut cells, workload, params, &there, &[Pinning::Unpinned]);
    }
    cells
}

fn row(cells: &mut Vec<Cell>, workload: Workload, params: Params, subjects: &[Subject], pinnings: &[Pinning]) {
    for &subject in subjects {
        let takes_part = subject.backend().is_some() || workload.rivals().contains(&subject);
        if !takes_part || !workload.has(params, subject) {
            continue;
        }
        for &pinning in pinnings {
            let cell = Cell { workload, params, subject, pinning };
            if !cells.contains(&cell) {
                cells.push(cell);
            }
        }
    }
}

/// The rows of `workload`, fewer and smaller ones where a row takes long and there is little time.
pub(super) fn rows(workload: Workload, effort: Effort) -> Vec<Params> {
    let all = workload.rows(None, None, true);
    if effort == Effort::Full {
        let large = workload.takes_size() && workload != Workload::Mandelbrot;
        let more = if large { workload.rows(None, Some(64 << 20), true) } else { Vec::new() };
        return [all, more].concat();
    }
    let sized = |n| Params { n: Some(n), ..Params::default() };
    match workload {
        Workload::MacroCost => Vec::new(), // it compiles the library
        Workload::Start => vec![sized(1), sized(10_000)],
        Workload::Memory => vec![sized(20_000)],
        Workload::Primes => vec![sized(300)],
        Workload::Limit => vec![sized(1000)],
        Workload::Pi => all.into_iter().filter(|params| params.workers.is_some_and(|workers| workers <= 2)).collect(),
        Workload::Mandelbrot => workload.rows(None, Some(300), true),
        Workload::Tokens => all.into_iter().filter(|params| params.n == Some(64)).collect(),
        Workload::Sizes => {
            let shown = [Some(Payload::Bytes), Some(Payload::Mobile)];
            let round_trips = all.into_iter().filter(|params| params.way == Some(Way::RoundTrip));
            round_trips.filter(|params| shown.contains(&params.payload) && params.size != Some(1 << 20)).collect()
        }
        Workload::OccamRing => all
            .into_iter()
            .filter(|params| [Some(1), Some(16), Some(128), Some(255)].contains(&params.tokens))
            .collect(),
        _ => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_plan_has_every_workload_and_a_ladder_climbs() {
        let plan = plan(Effort::Full, Subject::ALL);
        for &workload in Workload::ALL {
            assert!(plan.iter().any(|cell| cell.workload == workload), "{}", workload.name());
        }
        let rungs: Vec<usize> = plan
            .iter()
            .filter(|cell| (cell.workload, cell.subject) == (Workload::Ring, Subject::CspCoroutines))
            .filter_map(|cell| cell.params.n)
            .collect();
        assert!(rungs.iter().any(|n| *n >= 16_384), "beyond what threads reach: {rungs:?}");
    }

    #[test]
    fn no_cell_is_there_twice_and_nobody_is_measured_who_is_absent() {
        let there = [Subject::CspCoroutines, Subject::Go1];
        let plan = plan(Effort::Quick, &there);
        assert!(plan.iter().all(|cell| there.contains(&cell.subject)));
        assert!(plan.iter().enumerate().all(|(index, cell)| !plan[..index].contains(cell)));
    }
}
