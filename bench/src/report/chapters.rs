//! What a report says, before it is a page: chapters of cards, each with a plot, a text and a table.

use super::about::about;
use super::effort::Effort;
use super::figures::{Figure, better, figures, label, number, of, rows};
use super::log::Log;
use super::plan;
use super::plot::{Axis, Dot, Dots, Lines, Scale, Series, style};
use super::presence::Absent;
use crate::paper;
use crate::statistics::{median, sorted};
use crate::workload::{Params, Pinning, Subject, Workload};

/// A table; texts may hold `code`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// One thing that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Card {
    pub(crate) title: String,
    /// As files and links name it.
    pub(crate) name: String,
    pub(crate) plots: Vec<String>,
    pub(crate) text: Vec<String>,
    pub(crate) table: Option<Table>,
}

/// Some cards under a title.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chapter {
    pub(crate) title: String,
    pub(crate) text: Vec<String>,
    pub(crate) table: Option<Table>,
    pub(crate) cards: Vec<Card>,
}

/// All of it.
pub(crate) struct Report {
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) chapters: Vec<Chapter>,
}

impl Report {
    pub(crate) fn new(log: &Log, absent: &[Absent]) -> Self {
        let figures = figures(&log.entries);
        let workloads = Workload::ALL.iter().filter_map(|&workload| card(&figures, workload)).collect();
        let chapters = vec![
            glance(&figures, log.setting.effort),
            Chapter {
                title: "The paper's experiments".into(),
                text: vec![paper::INTRODUCTION.into()],
                cards: paper::cards(&figures),
                ..Chapter::default()
            },
            Chapter {
                title: "Every workload".into(),
                text: vec![
                    "A filled mark: free to use all cores. A hollow one: all threads pinned to one core. The bar is the spread from \
                     the least to the greatest run, the number at the right the better median."
                        .into(),
                ],
                cards: workloads,
                ..Chapter::default()
            },
            missing(&figures, absent),
        ];
        Self { facts: facts(log, &figures), chapters }
    }

    /// The plots, each under the name of its file.
    pub(crate) fn pictures(&self) -> Vec<(String, String)> {
        let cards = self.chapters.iter().flat_map(|chapter| &chapter.cards);
        cards
            .flat_map(|card| {
                let several = card.plots.len() > 1;
                card.plots.iter().enumerate().map(move |(index, svg)| {
                    let number = if several { format!("-{}", index + 1) } else { String::new() };
                    (format!("{}{number}.svg", card.name), svg.clone())
                })
            })
            .collect()
    }
}

fn facts(log: &Log, figures: &[Figure]) -> Vec<(&'static str, String)> {
    let setting = &log.setting;
    let runs =
        sorted(figures.iter().filter(|figure| figure.failure.is_none()).map(|figure| figure.figures.len() as f64));
    let others = sorted(log.entries.iter().filter_map(|entry| entry.others));
    let percent = |share: Option<f64>| share.map_or("unknown".into(), |share| format!("{:.0} %", share * 100.0));
    let minutes = log.entries.iter().map(|entry| entry.seconds).sum::<f64>() / 60.0;
    vec![
        ("machine", format!("{}, {} cores, {}", setting.processor, setting.cores, setting.memory)),
        ("kernel", setting.kernel.clone()),
        ("compiler", setting.compiler.clone()),
        ("commit", setting.commit.clone()),
        ("begun", setting.begun.clone()),
        (
            "runs",
            format!(
                "{} runs of {} cells in {minutes:.1} minutes ({}), each in a fresh OS process, the subjects interleaved; {} to {} \
                 a cell, in the middle {}; the median counts, the least and the greatest stand beside it",
                log.entries.len(),
                figures.iter().filter(|figure| !is_second(figure)).count(),
                setting.effort.name(),
                runs.first().map_or("0".into(), |least| format!("{least:.0}")),
                runs.last().map_or("0".into(), |most| format!("{most:.0}")),
                median(&runs).map_or("0".into(), |middle| format!("{middle:.0}")),
            ),
        ),
        (
            "noise",
            format!(
                "other programs used {} of the machine during a run (median; at most {}). Absolute figures wander with the \
                 machine; ratios within one report do not, unless others used more than some 10 %",
                percent(median(&others)),
                percent(others.last().copied()),
            ),
        ),
    ]
}

/// Whether it is the second of a cell's two.
fn is_second(figure: &Figure) -> bool {
    figure.cell.workload.measures().is_some_and(|(_, second)| figure.cell.params.measure == Some(second))
}

/// Ours against the fastest rival that does the same task, row by row.
fn glance(all: &[Figure], effort: Effort) -> Chapter {
    let ours: Vec<Subject> = Subject::ALL.iter().copied().filter(|subject| subject.backend().is_some()).collect();
    let mut head = vec!["workload".to_owned(), "unit".to_owned()];
    head.extend(ours.iter().map(|subject| format!("`{}`", subject.name())));
    let mut lines = Vec::new();
    for &workload in Workload::ALL {
        let usual = plan::rows(workload, effort);
        for (params, row) in rows(all, workload) {
            if is_second(row[0]) || !usual.contains(&Params { measure: None, ..params }) {
                continue; // a point of a figure
            }
            let name = format!("`{}` {}", workload.name(), label(&params));
            let mut line = vec![name.trim_end().to_owned(), workload.unit().to_owned()];
            line.extend(ours.iter().map(|subject| beside(&row, workload, *subject)));
            if line[2..].iter().any(|text| text.contains('×')) {
                lines.push(line);
            }
        }
    }
    Chapter {
        title: "At a glance".into(),
        text: vec![
            "Each subject's better figure, unpinned or pinned, and in parentheses how many times as fast it is as the fastest rival of its \
             kind: threads beside what works on OS threads, coroutines beside goroutines, tasks and the like, processes beside what \
             works between OS processes; where there is none of its kind, beside the fastest of all. Below 1 the rival is faster."
                .into(),
        ],
        table: Some(Table { head, rows: lines }),
        ..Chapter::default()
    }
}

/// A subject's figure, and how it compares.
fn beside(row: &[&Figure], workload: Workload, subject: Subject) -> String {
    let Some(mine) = better(row, subject).and_then(Figure::median) else { return "–".into() };
    let rival = fastest_rival(row, workload, subject).and_then(|rival| Some((rival.cell.subject, rival.median()?)));
    match rival {
        Some((rival, figure)) => format!("{} ({} × {})", number(mine), number(figure / mine), rival.name()),
        None => number(mine),
    }
}

/// The fastest of those that do what `subject` does: of its own kind, if there are any.
fn fastest_rival<'f>(row: &[&'f Figure], workload: Workload, subject: Subject) -> Option<&'f Figure> {
    let fastest = |any_kind: bool| {
        let rivals = row.iter().filter(|figure| {
            let rival = figure.cell.subject;
            let fits = any_kind || rival.has_threads() == subject.has_threads();
            rival.is_rival() && fits && workload.compares(subject, rival) && figure.median().is_some()
        });
        let median = |figure: &&&Figure| figure.median().unwrap_or(f64::MAX);
        rivals.min_by(|one, other| median(one).total_cmp(&median(other))).copied()
    };
    fastest(false).or_else(|| fastest(true))
}

/// What there is to say about one workload; nothing where nothing was measured.
fn card(all: &[Figure], workload: Workload) -> Option<Card> {
    let rows = rows(all, workload);
    if rows.is_empty() {
        return None;
    }
    let text = about(workload).iter().map(|it| format!("{} Divided by: {}.", it.what, it.divided_by)).collect();
    Some(Card {
        title: format!("{}, {}", workload.name(), workload.unit()),
        name: workload.name().into(),
        plots: plots(workload, &rows),
        text,
        table: Some(table(workload, &rows)),
    })
}

fn table(workload: Workload, rows: &[(Params, Vec<&Figure>)]) -> Table {
    let head = ["", "subject", "unpinned: median (least – greatest)", "runs", "pinned", "runs", "× fastest rival"];
    let mut lines = Vec::new();
    for (params, row) in rows {
        let mut subjects: Vec<Subject> = row.iter().map(|figure| figure.cell.subject).collect();
        subjects.dedup();
        for subject in subjects {
            let text = |pinning| of(row, subject, pinning).map_or(["–".into(), "–".into()], summary);
            let [unpinned, runs] = text(Pinning::Unpinned);
            let [pinned, pinned_runs] = text(Pinning::Pinned);
            let rival = fastest_rival(row, workload, subject).and_then(Figure::median);
            let ratio = rival.zip(better(row, subject).and_then(Figure::median));
            let ratio = ratio.map_or("–".into(), |(rival, mine)| number(rival / mine));
            lines.push(vec![label(params), subject.name().into(), unpinned, runs, pinned, pinned_runs, ratio]);
        }
    }
    Table { head: head.map(String::from).into(), rows: lines }
}

fn summary(figure: &Figure) -> [String; 2] {
    let failure = figure.failure.as_ref().map(|(failure, _)| failure.name());
    let text = match (figure.median(), figure.spread(), failure) {
        (Some(median), Some((least, greatest)), None) => {
            format!("{} ({} – {})", number(median), number(least), number(greatest))
        }
        (Some(median), _, Some(failure)) => format!("{}, then {failure}", number(median)),
        (_, _, Some(failure)) => failure.into(),
        _ => "–".into(),
    };
    [text, figure.figures.len().to_string()]
}

/// Over one parameter that takes many values, lines; else dots for each row, if those are few.
fn plots(workload: Workload, rows: &[(Params, Vec<&Figure>)]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, (params, _)) in rows.iter().enumerate() {
        let words = parameters(params).1.join(" ");
        match groups.iter_mut().find(|(name, _)| *name == words) {
            Some((_, members)) => members.push(index),
            None => groups.push((words, vec![index])),
        }
    }
    let few = groups.len() <= 6;
    let mut plots = Vec::new();
    for (words, members) in groups {
        let members: Vec<&(Params, Vec<&Figure>)> = members.into_iter().map(|index| &rows[index]).collect();
        let title = format!("{} {words}", workload.name());
        match only_variable(&members) {
            Some(name) if members.len() >= 4 => plots.extend(over(&name, &title, workload, &members).svg()),
            // A row of dots for each of very many words says less than the table.
            _ if members.len() <= 4 && few => {
                plots.extend(members.iter().filter_map(|(params, row)| dots(workload, params, row).svg()));
            }
            _ => {}
        }
    }
    plots
}

/// The numbers among the parameters, by name, and the words.
fn parameters(params: &Params) -> (Vec<(String, f64)>, Vec<String>) {
    let serde_json::Value::Object(fields) = serde_json::to_value(params).expect("parameters are JSON") else {
        unreachable!("parameters are an object")
    };
    let mut numbers = Vec::new();
    let mut words = Vec::new();
    for (name, value) in fields {
        match value.as_f64() {
            Some(number) => numbers.push((name, number)),
            None => words.push(value.as_str().unwrap_or(&name).to_owned()),
        }
    }
    (numbers, words)
}

/// The one number in which `members` differ.
fn only_variable(members: &[&(Params, Vec<&Figure>)]) -> Option<String> {
    let mut varying: Vec<String> = Vec::new();
    let (first, _) = parameters(&members.first()?.0);
    for (params, _) in members {
        let (numbers, _) = parameters(params);
        if numbers.len() != first.len() {
            return None;
        }
        for ((name, number), (_, one)) in numbers.into_iter().zip(&first) {
            if number != *one && !varying.contains(&name) {
                varying.push(name);
            }
        }
    }
    (varying.len() == 1).then(|| varying.remove(0))
}

fn over(name: &str, title: &str, workload: Workload, members: &[&(Params, Vec<&Figure>)]) -> Lines {
    let value = |params: &Params| parameters(params).0.into_iter().find(|(own, _)| own == name).map_or(0.0, |it| it.1);
    let series = Subject::ALL.iter().filter_map(|&subject| {
        let point = |(params, row): &&(Params, Vec<&Figure>)| Some((value(params), better(row, subject)?.median()?));
        series(subject, members.iter().filter_map(point).collect())
    });
    let greatest = members.iter().map(|(params, _)| value(params)).fold(0.0, f64::max);
    Lines {
        title: title.trim_end().to_owned(),
        x: Axis::new(name, if greatest > 16.0 { Scale::Doubling } else { Scale::Whole }),
        y: Axis::new(workload.unit(), Scale::Decades),
        series: series.collect(),
        marks: Vec::new(),
    }
}

/// A subject's line, its points sorted; nothing without any.
pub(crate) fn series(subject: Subject, mut points: Vec<(f64, f64)>) -> Option<Series> {
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    (!points.is_empty()).then(|| Series {
        name: subject.name().into(),
        colour: style::colour(subject),
        strong: subject.backend().is_some(),
        points,
    })
}

fn dots(workload: Workload, params: &Params, row: &[&Figure]) -> Dots {
    let mut subjects: Vec<Subject> = row.iter().map(|figure| figure.cell.subject).collect();
    subjects.dedup();
    let figure = |subject, pinning| {
        let figure = of(row, subject, pinning)?;
        let (least, greatest) = figure.spread()?;
        Some((least, figure.median()?, greatest))
    };
    let title = format!("{} {}", workload.name(), label(params));
    Dots {
        title: title.trim_end().into(),
        unit: format!("{} {}", workload.unit(), label(params)).trim_end().into(),
        rows: subjects
            .into_iter()
            .map(|subject| Dot {
                name: subject.name().into(),
                colour: style::colour(subject),
                strong: subject.backend().is_some(),
                unpinned: figure(subject, Pinning::Unpinned),
                pinned: figure(subject, Pinning::Pinned),
            })
            .collect(),
    }
}

/// Who was absent, and what has no figure.
fn missing(figures: &[Figure], absent: &[Absent]) -> Chapter {
    let away = absent.iter().map(|it| format!("`{}` is missing: {}", it.name, it.why));
    let failed = figures.iter().filter_map(|figure| {
        let (failure, said) = figure.failure.as_ref()?;
        let cell = &figure.cell;
        Some(vec![
            format!("`{}` {}", cell.workload.name(), label(&cell.params)),
            format!("{}, {}", cell.subject.name(), cell.pinning.name()),
            failure.name().to_owned(),
            said.clone(),
        ])
    });
    let rows: Vec<Vec<String>> = failed.collect();
    let mut text: Vec<String> = away.collect();
    if rows.is_empty() {
        text.push("Every cell that was run came to an end with the right result.".into());
    } else {
        text.push(
            "A subject that has failed at one N, or has taken longer than a report gives it, is not tried with more."
                .into(),
        );
    }
    let head = ["workload", "subject", "what happened", "what it said"].map(String::from).into();
    Chapter {
        title: "Without a figure".into(),
        text,
        table: (!rows.is_empty()).then_some(Table { head, rows }),
        cards: Vec::new(),
    }
}
