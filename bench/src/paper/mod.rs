//! The experiments of the paper, "Three Unique Implementations of Processes for PyCSP" (Friborg, Bjørndalen, Vinter; CPA
//! 2009), with what it published: which points to measure, and the plots with its axes.

mod farm;
mod pi;
mod primes;
mod rings;

pub(crate) use self::pi::WORKERS;
use crate::report::chapters::Card;
use crate::report::effort::Effort;
use crate::report::figures::Figure;
use crate::workload::{Params, Pinning, Subject, Workload};

pub(crate) const INTRODUCTION: &str = "\
The experiments of Friborg, Bjørndalen and Vinter, Three Unique Implementations of Processes for PyCSP (CPA 2009), with the \
axes of that paper's figures. What it published is marked in its own colour: it was measured on 2 × Xeon E5310 (8 cores, \
Ubuntu 9.04, Python 2.6.2), so compare shapes and limits, not microseconds. All subjects run unpinned, with default settings.";

/// What the figures need beyond the default rows, and on whom.
pub(crate) fn points(effort: Effort) -> Vec<(Workload, Params, &'static [Subject])> {
    [rings::points(effort), primes::points(effort), farm::points(effort)].concat()
}

/// One card for each of its figures and tables.
pub(crate) fn cards(figures: &[Figure]) -> Vec<Card> {
    let cards = [
        rings::variable_size(figures),
        rings::tokens(figures),
        primes::primes(figures),
        farm::speed_up(figures),
        pi::table(figures),
    ];
    cards.into_iter().flatten().collect()
}

/// The unpinned medians of `subject` at `workload`, each with its parameters.
fn medians(figures: &[Figure], workload: Workload, subject: Subject) -> Vec<(Params, f64)> {
    let own = figures.iter().filter(|figure| {
        (figure.cell.workload, figure.cell.subject, figure.cell.pinning) == (workload, subject, Pinning::Unpinned)
    });
    own.filter_map(|figure| Some((figure.cell.params, figure.median()?))).collect()
}
