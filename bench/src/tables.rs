//! Shows records: an aligned table with the ratio to the fastest rival, or one JSON object a line.

use serde::Serialize;

use crate::harness::{Record, Results};
use crate::workload::{Measure, Params, Pinning, Subject, Workload};

/// Prints one JSON object a line.
pub(crate) fn json(records: &[Record]) {
    #[derive(Serialize)]
    struct Line {
        workload: Workload,
        subject: Subject,
        params: LineParams,
        unit: &'static str,
        median: Option<f64>,
        min: Option<f64>,
        runs: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        failure: Option<&'static str>,
    }
    #[derive(Serialize)]
    struct LineParams {
        #[serde(flatten)]
        params: Params,
        pinned: bool,
    }
    for record in records {
        let line = Line {
            workload: record.workload,
            subject: record.subject,
            params: LineParams { params: record.params, pinned: record.pinning == Pinning::Pinned },
            unit: record.workload.unit(),
            median: record.median(),
            min: record.min(),
            runs: record.figures.len(),
            failure: record.failure.map(|failure| failure.name()),
        };
        println!("{}", serde_json::to_string(&line).expect("records are JSON"));
    }
}

/// Prints a table: a line for each row and subject, unpinned, pinned, the better of the two, and the ratios.
pub(crate) fn table(workload: Workload, Results { records, others }: &Results) {
    println!("{}, {}: median (min); × = the fastest rival's figure / this one", workload.name(), workload.unit());
    let mut lines = vec![["", "subject", "unpinned", "pinned", "better", "× unpinned", "× better"].map(String::from)];
    let mut rows: Vec<Params> = Vec::new();
    for record in records {
        if !rows.contains(&record.params) {
            rows.push(record.params);
        }
    }
    for params in rows {
        let row: Vec<&Record> = records.iter().filter(|record| record.params == params).collect();
        let mut subjects: Vec<Subject> = row.iter().map(|record| record.subject).collect();
        subjects.dedup();
        for subject in subjects {
            let cell = |pinning| row.iter().find(|r| r.subject == subject && r.pinning == pinning).copied();
            let ratio = |figure: fn(&[&Record], Subject) -> Option<f64>| {
                let fastest = subject_figures(&row, figure)
                    .filter(|(who, _)| who.backend().is_none() && workload.compares(subject, *who))
                    .map(|(_, f)| f)
                    .reduce(f64::min);
                match (fastest, figure(&row, subject)) {
                    (Some(rival), Some(mine)) => format!("{:.2}", rival / mine),
                    _ => "-".into(),
                }
            };
            lines.push([
                label(params),
                subject.name().into(),
                text(cell(Pinning::Unpinned)),
                text(cell(Pinning::Pinned)),
                better(&row, subject).map_or("-".into(), number),
                ratio(unpinned),
                ratio(better),
            ]);
        }
    }
    print_aligned(&lines);
    for line in conclusions(workload, records) {
        println!("{line}");
    }
    if let Some(others) = others {
        println!("other programs used {:.0} % of the machine meanwhile", others * 100.0);
    }
    println!();
}

fn subject_figures<'r>(
    row: &'r [&'r Record],
    figure: fn(&[&Record], Subject) -> Option<f64>,
) -> impl Iterator<Item = (Subject, f64)> + 'r {
    row.iter().filter_map(move |record| Some((record.subject, figure(row, record.subject)?)))
}

fn unpinned(row: &[&Record], subject: Subject) -> Option<f64> {
    row.iter().find(|record| record.subject == subject && record.pinning == Pinning::Unpinned)?.median()
}

fn better(row: &[&Record], subject: Subject) -> Option<f64> {
    row.iter().filter(|record| record.subject == subject).filter_map(|record| record.median()).reduce(f64::min)
}

/// What the bare figures do not say by themselves.
fn conclusions(workload: Workload, records: &[Record]) -> Vec<String> {
    let median = |subject: Subject, workers: Option<usize>, measure: Option<Measure>| {
        let wanted = |r: &&Record| (r.subject, r.params.workers, r.params.measure) == (subject, workers, measure);
        records.iter().find(wanted)?.median()
    };
    match workload {
        Workload::Mandelbrot => [Subject::CspThreads, Subject::CspCoroutines, Subject::CspProcesses, Subject::Rayon]
            .into_iter()
            .filter_map(|subject| {
                let wall = |workers| median(subject, Some(workers), Some(Measure::Wall));
                Some(format!("speed-up of {} with 2 workers: {:.2}", subject.name(), wall(1)? / wall(2)?))
            })
            .collect(),
        Workload::MacroCost => [Measure::Wall, Measure::Cpu]
            .into_iter()
            .filter_map(|measure| {
                let build = |subject| median(subject, None, Some(measure));
                let more = build(Subject::CspThreads)? - build(Subject::ByHand)?;
                Some(format!("the macros cost {more:.0} ms a build ({})", measure.name()))
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn label(params: Params) -> String {
    let mut parts = Vec::new();
    parts.extend(params.n.map(|n| format!("n={n}")));
    parts.extend(params.tokens.map(|tokens| format!("tokens={tokens}")));
    parts.extend(params.kind.map(|kind| kind.name().to_string()));
    parts.extend(params.payload.map(|payload| payload.name().to_string()));
    parts.extend(params.way.map(|way| way.name().to_string()));
    parts.extend(params.size.filter(|_| params.way.is_some()).map(bytes));
    parts.extend(params.workers.map(|workers| format!("workers={workers}")));
    parts.extend(params.measure.map(|measure| measure.name().to_string()));
    parts.join(" ")
}

fn text(record: Option<&Record>) -> String {
    let Some(record) = record else { return "-".into() };
    match (record.median(), record.min(), record.failure) {
        (Some(median), Some(min), None) => format!("{} ({})", number(median), number(min)),
        (Some(median), Some(min), Some(failure)) => {
            format!("{} ({}), some {}", number(median), number(min), failure.name())
        }
        (_, _, Some(failure)) => failure.name().into(),
        _ => "-".into(),
    }
}

/// A number of bytes, in the greatest unit that it is a multiple of.
fn bytes(count: usize) -> String {
    match count {
        0 => "0 B".into(),
        _ if count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        _ if count.is_multiple_of(1 << 10) => format!("{} KiB", count >> 10),
        _ => format!("{count} B"),
    }
}

/// Three digits that count, or all of those before the point.
fn number(figure: f64) -> String {
    let decimals = if figure >= 100.0 {
        0
    } else if figure >= 10.0 {
        1
    } else {
        2
    };
    format!("{figure:.decimals$}")
}

fn print_aligned(lines: &[[String; 7]]) {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    for line in lines {
        let mut printed = String::new();
        for (column, (text, width)) in line.iter().zip(widths).enumerate() {
            // Words to the left, figures to the right.
            printed += &if column < 2 { format!("{text:<width$}  ") } else { format!("{text:>width$}  ") };
        }
        println!("{}", printed.trim_end());
    }
}
