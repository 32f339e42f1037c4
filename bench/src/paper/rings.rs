//! Figure 3, rings of variable size, and figure 4, several tokens in a ring.

use super::medians;
use crate::machine;
use crate::report::chapters::{Card, Table, series};
use crate::report::effort::Effort;
use crate::report::figures::{Figure, number};
use crate::report::plot::{Axis, Lines, Mark, Scale};
use crate::workload::{Params, Subject, Workload};

/// Who can have very many processes, or is the paper's own.
const CLIMBERS: &[Subject] = &[
    Subject::CspThreads,
    Subject::CspCoroutines,
    Subject::CspProcesses,
    Subject::Go1,
    Subject::Go2,
    Subject::KanalAsync,
    Subject::Tokio,
    Subject::Pycsp,
];

/// More forked processes than this are a burden to everybody else on the machine.
const MOST_FORKED: usize = 4096;

/// Who climbs beyond that.
const FREE_CLIMBERS: &[Subject] = &[
    Subject::CspThreads,
    Subject::CspCoroutines,
    Subject::Go1,
    Subject::Go2,
    Subject::KanalAsync,
    Subject::Tokio,
    Subject::Pycsp,
];

const RINGS: [usize; 4] = [8, 16, 32, 64];

/// What a process may take, generously: a ring that would not fit into half of the memory is not tried.
const BYTES_A_PROCESS: usize = 8 << 10;

pub(super) fn points(effort: Effort) -> Vec<(Workload, Params, &'static [Subject])> {
    let top = (machine::available_bytes() / 2 / BYTES_A_PROCESS).min(effort.pick(1 << 18, 1 << 20));
    let sizes = (effort.pick(2, 1)..).step_by(effort.pick(2, 1)).map(|power| 1 << power).take_while(|n| *n <= top);
    let sizes = sizes.map(|n| {
        let climbers = if n > MOST_FORKED { FREE_CLIMBERS } else { CLIMBERS };
        (Workload::Ring, Params { n: Some(n), ..Params::default() }, climbers)
    });
    let tokens = RINGS.into_iter().flat_map(|n| {
        counts(n, effort.pick(5, 16)).map(move |tokens| {
            let params = Params { n: Some(n), tokens: Some(tokens), ..Params::default() };
            (Workload::Tokens, params, CLIMBERS)
        })
    });
    sizes.chain(tokens).collect()
}

/// From 1 to n − 1: all of them, or about `most` at equal distances, the middle and both ends among them.
fn counts(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let step = n.div_ceil(most).next_power_of_two();
    std::iter::once(1).chain((step..n).step_by(step).filter(|count| *count > 1)).chain((step > 1).then_some(n - 1))
}

/// Figure 3.
pub(super) fn variable_size(figures: &[Figure]) -> Option<Card> {
    let all: Vec<(Subject, Vec<(f64, f64)>)> = Subject::ALL
        .iter()
        .map(|&subject| {
            let points = medians(figures, Workload::Ring, subject);
            (subject, points.iter().filter_map(|(params, ns)| Some((params.n? as f64, ns / 1e3))).collect())
        })
        .filter(|(subject, _)| CLIMBERS.contains(subject))
        .collect();
    let reached = all.iter().filter_map(|(subject, points)| {
        let (n, us) = points.iter().copied().reduce(|one, other| if other.0 > one.0 { other } else { one })?;
        Some(vec![subject.name().to_owned(), number(n), number(us), stopped(figures, *subject)])
    });
    let rows: Vec<Vec<String>> = reached.collect();
    let plot = Lines {
        title: "Figure 3: a ring of variable size".into(),
        x: Axis::new("N, processes in the ring", Scale::Doubling),
        y: Axis::new("µs per communication", Scale::Decades),
        series: all.into_iter().filter_map(|(subject, points)| series(subject, points)).collect(),
        marks: vec![
            Mark::Limit { x: 512.0, says: "paper: processes end at 512".into() },
            Mark::Limit { x: 16_384.0, says: "threads end at 16,384".into() },
            Mark::Limit { x: 262_144.0, says: "greenlets end at 262,144".into() },
            Mark::Level { y: 20.0, says: "paper: greenlets, 20 µs".into() },
        ],
    };
    let head = ["subject", "greatest N", "µs per communication there", "why no more"].map(String::from).into();
    Some(Card {
        title: "Figure 3: a ring of variable size".into(),
        name: "figure-3-ring".into(),
        plots: vec![plot.svg()?],
        text: vec![
            "One token goes round N processes, start-up and end not included. N doubles until a subject fails or a run takes longer \
             than this report gives it. The paper: processes reached 512, threads 16,384, greenlets 262,144; greenlets took some \
             20 µs, ten times less than the others."
                .into(),
        ],
        table: Some(Table { head, rows }),
    })
}

/// Why a subject's ladder ends where it does.
fn stopped(figures: &[Figure], subject: Subject) -> String {
    let own = figures.iter().filter(|it| it.cell.workload == Workload::Ring && it.cell.subject == subject);
    let failed = own.filter_map(|it| Some((it.cell.params.n?, it.failure.as_ref()?))).min_by_key(|(n, _)| *n);
    match failed {
        Some((n, (failure, said))) if said.is_empty() => format!("at {n}: {}", failure.name()),
        Some((n, (_, said))) => format!("at {n}: {said}"),
        None => "more would take longer than a report gives it, or was not tried".into(),
    }
}

/// Figure 4.
pub(super) fn tokens(figures: &[Figure]) -> Option<Card> {
    let plot = |n: usize| {
        let of = |subject: &Subject| {
            let points = medians(figures, Workload::Tokens, *subject);
            let own = points.iter().filter(|(params, _)| params.n == Some(n));
            series(*subject, own.filter_map(|(params, ns)| Some((params.tokens? as f64, ns / 1e3))).collect())
        };
        let plot = Lines {
            title: format!("Figure 4: {n} processes"),
            x: Axis::new(format!("tokens in a ring of {n}"), Scale::Whole),
            y: Axis::new("µs per communication", Scale::Decades),
            series: Subject::ALL.iter().filter_map(of).collect(),
            marks: Vec::new(),
        };
        plot.svg()
    };
    let plots: Vec<String> = RINGS.into_iter().filter_map(plot).collect();
    (!plots.is_empty()).then(|| Card {
        title: "Figure 4: several tokens in a ring".into(),
        name: "figure-4-tokens".into(),
        plots,
        text: vec![
            "Four rings with 1 to N − 1 tokens on their way at once; the time is divided by all communications. The paper's curves are \
             mirror-symmetric around N/2 (with N − 1 tokens only one process can receive, as with one); with enough tokens its \
             processes beat its threads, by using several cores; its greenlets are flat, and the fastest."
                .into(),
        ],
        table: None,
    })
}

#[test]
fn the_counts_of_tokens_hold_the_middle_and_both_ends() {
    for (n, most) in [(8, 7), (8, 16), (16, 7), (64, 7), (64, 16)] {
        let counts: Vec<usize> = counts(n, most).collect();
        assert_eq!((counts.first(), counts.last()), (Some(&1), Some(&(n - 1))));
        assert!(counts.contains(&(n / 2)) && counts.is_sorted(), "{counts:?}");
        assert!(counts.windows(2).all(|pair| pair[0] < pair[1]), "{counts:?}");
    }
    assert_eq!(counts(8, 16).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
}
