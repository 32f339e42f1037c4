//! Table 1: Monte Carlo π with a number of workers.

use super::medians;
use crate::report::chapters::{Card, Table, series};
use crate::report::figures::{Figure, number};
use crate::report::plot::{Axis, Lines, Scale, Series, style};
use crate::workload::{Subject, Workload};

/// The numbers of workers in the paper's table.
pub(crate) const WORKERS: [usize; 5] = [1, 2, 3, 4, 10];

/// Its seconds, on two cores, in pure Python.
const THREADS: [f64; 5] = [0.98, 1.52, 1.56, 1.55, 1.57];
const PROCESSES: [f64; 5] = [1.01, 0.57, 0.54, 0.54, 0.56];

pub(super) fn table(figures: &[Figure]) -> Option<Card> {
    let mut measured: Vec<(Subject, Vec<(usize, f64)>)> = Vec::new();
    for &subject in Subject::ALL {
        let points = medians(figures, Workload::Pi, subject);
        let times: Vec<(usize, f64)> = points.iter().filter_map(|(params, ms)| Some((params.workers?, *ms))).collect();
        if !times.is_empty() {
            measured.push((subject, times));
        }
    }
    if measured.is_empty() {
        return None;
    }
    let mut head = vec!["workers".to_owned(), "paper, threads".into(), "paper, processes".into()];
    head.extend(measured.iter().map(|(subject, _)| format!("`{}`", subject.name())));
    let row = |(index, workers): (usize, usize)| {
        let mut row = vec![workers.to_string(), seconds(THREADS[index]), seconds(PROCESSES[index])];
        row.extend(measured.iter().map(|(_, times)| {
            let time = times.iter().find(|(own, _)| *own == workers);
            time.map_or("–".into(), |(_, ms)| format!("{} ms", number(*ms)))
        }));
        row
    };
    let rows = WORKERS.into_iter().enumerate().map(row).collect();
    let published = [("paper, threads", THREADS), ("paper, processes", PROCESSES)].map(|(name, times)| Series {
        name: name.into(),
        colour: style::PUBLISHED,
        strong: false,
        points: WORKERS.into_iter().zip(times).map(|(workers, time)| (workers as f64, time / times[0])).collect(),
    });
    let ours = measured.iter().filter_map(|(subject, times)| {
        let (_, alone) = times.iter().find(|(workers, _)| *workers == 1)?;
        series(*subject, times.iter().map(|(workers, ms)| (*workers as f64, ms / alone)).collect())
    });
    let plot = Lines {
        title: "Table 1: Monte Carlo π".into(),
        x: Axis::new("workers", Scale::Whole),
        y: Axis::new("time, as a share of one worker's", Scale::Linear),
        series: ours.chain(published).collect(),
        marks: Vec::new(),
    };
    Some(Card {
        title: "Table 1: Monte Carlo π".into(),
        name: "table-1-pi".into(),
        plots: plot.svg().into_iter().collect(),
        text: vec![
            "A farm that estimates π from random points. The paper's was pure Python on two cores: threads became slower with a second \
             worker, processes nearly twice as fast. Ours does other arithmetic in another language: compare each column with its \
             own first line."
                .into(),
        ],
        table: Some(Table { head, rows }),
    })
}

fn seconds(time: f64) -> String {
    format!("{time:.2} s")
}
