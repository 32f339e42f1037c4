//! Figure 8: the speed-up of the Mandelbrot farm, with a light worker and with a heavy one.

use super::medians;
use crate::report::chapters::{Card, Table, series};
use crate::report::effort::Effort;
use crate::report::figures::{Figure, number};
use crate::report::plot::{Axis, Lines, Mark, Scale};
use crate::workload::{Measure, Params, Subject, Workload};

/// Who can have a number of workers.
const FARMERS: &[Subject] = &[Subject::CspThreads, Subject::CspCoroutines, Subject::CspProcesses, Subject::Rayon];

/// The iterations of a light worker: its job takes some 50 times less than a heavy one's.
const LIGHT: usize = 100;

pub(super) fn points(effort: Effort) -> Vec<(Workload, Params, &'static [Subject])> {
    let rows = [Some(LIGHT), None].into_iter().flat_map(|iterations| {
        (1..=effort.pick(4, 8)).map(move |workers| {
            let size = Some(effort.pick(300, 700));
            (Workload::Mandelbrot, Params { size, workers: Some(workers), iterations, ..Params::default() }, FARMERS)
        })
    });
    rows.collect()
}

pub(super) fn speed_up(figures: &[Figure]) -> Option<Card> {
    let kinds = [("a light worker", Some(LIGHT)), ("a heavy worker", None)];
    let mut rows = Vec::new();
    let mut plots = Vec::new();
    for (kind, iterations) in kinds {
        let mut lines = Vec::new();
        for &subject in Subject::ALL.iter().filter(|subject| **subject != Subject::Sequential) {
            let walls = medians(figures, Workload::Mandelbrot, subject);
            let own = walls
                .iter()
                .filter(|(params, _)| params.iterations == iterations && params.measure != Some(Measure::Cpu));
            let times: Vec<(f64, f64)> = own.filter_map(|(params, ms)| Some((params.workers? as f64, *ms))).collect();
            let Some((_, alone)) = times.iter().find(|(workers, _)| *workers == 1.0).copied() else { continue };
            let best = times.iter().map(|(_, ms)| alone / ms).fold(0.0, f64::max);
            rows.push(vec![kind.to_owned(), subject.name().to_owned(), number(alone), number(best)]);
            lines.extend(series(subject, times.iter().map(|(workers, ms)| (*workers, alone / ms)).collect()));
        }
        let plot = Lines {
            title: format!("Figure 8: {kind}"),
            x: Axis::new(format!("workers, {kind}"), Scale::Whole),
            y: Axis::new("speed-up", Scale::Linear),
            series: lines,
            marks: vec![
                Mark::Level { y: 1.0, says: "paper: greenlets gain nothing".into() },
                Mark::Level { y: cores(), says: "the cores of this machine".into() },
            ],
        };
        plots.extend(plot.svg());
    }
    let head = ["worker", "subject", "ms with one", "best speed-up"].map(String::from).into();
    (!plots.is_empty()).then(|| Card {
        title: "Figure 8: the Mandelbrot farm".into(),
        name: "figure-8-mandelbrot".into(),
        plots,
        text: vec![format!(
            "One producer-consumer that chooses between handing out 100 jobs and taking results, and w workers. The heavy worker \
             iterates up to 5000 times, as in the paper, the light one {LIGHT} times. The paper's farms took 592.5 s (numpy) and \
             10.6 s (ctypes) with one worker; its processes gained from every core with both, its threads only with ctypes, its \
             greenlets from none."
        )],
        table: Some(Table { head, rows }),
    })
}

fn cores() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64)
}
