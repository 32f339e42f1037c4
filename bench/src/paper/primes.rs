//! Figure 6: the sieve, which starts one process a prime.

use super::medians;
use crate::report::chapters::{Card, series};
use crate::report::effort::Effort;
use crate::report::figures::Figure;
use crate::report::plot::{Axis, Lines, Mark, Scale};
use crate::workload::{Params, Subject, Workload};

const SECONDS_A_DAY: f64 = 86_400.0;

pub(super) fn points(effort: Effort) -> Vec<(Workload, Params, &'static [Subject])> {
    let counts = [10, 30, 100, 300, 1000, 3000, 10_000];
    let counts = counts.into_iter().filter(|n| *n <= effort.pick(3000, 10_000));
    counts.map(|n| (Workload::Primes, Params { n: Some(n), ..Params::default() }, Subject::ALL)).collect()
}

pub(super) fn primes(figures: &[Figure]) -> Option<Card> {
    let of = |subject: &Subject| {
        let points = medians(figures, Workload::Primes, *subject);
        series(*subject, points.iter().filter_map(|(params, ms)| Some((params.n? as f64, ms / 1e3))).collect())
    };
    let day = |n: f64| Mark::Point { x: n, y: SECONDS_A_DAY, says: format!("paper: {} k", n / 1000.0) };
    let plot = Lines {
        title: "Figure 6: primes".into(),
        x: Axis::new("primes", Scale::Decades),
        y: Axis::new("seconds, all in all", Scale::Decades),
        series: Subject::ALL.iter().filter_map(of).collect(),
        marks: vec![Mark::Limit { x: 90.0, says: "paper: processes end at 90".into() }, day(16_000.0), day(60_000.0)],
    };
    Some(Card {
        title: "Figure 6: primes".into(),
        name: "figure-6-primes".into(),
        plots: vec![plot.svg()?],
        text: vec![
            "A sieve for the first N primes, one process a prime, started and run until the last is found. The paper's processes ended \
             after 90 nested starts (\"maximum recursion depth exceeded\"); in one day its threads and greenlets found some 16,000 \
             and 60,000 primes."
                .into(),
        ],
        table: None,
    })
}
