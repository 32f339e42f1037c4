//! What the entries of the log come to: a median and a spread for each cell and measure.

use super::log::Entry;
use crate::cell::{Cell, Outcome};
use crate::fresh::Failure;
use crate::statistics::{median, sorted};
use crate::workload::{Measure, Params, Pinning, Subject, Workload};

/// All runs of one cell, of one measure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// With the measure among its parameters, where there are two.
    pub(crate) cell: Cell,
    /// Sorted.
    pub(crate) figures: Vec<f64>,
    pub(crate) failure: Option<(Failure, String)>,
}

impl Figure {
    pub(crate) fn median(&self) -> Option<f64> {
        median(&self.figures)
    }

    /// The least and the greatest.
    pub(crate) fn spread(&self) -> Option<(f64, f64)> {
        Some((*self.figures.first()?, *self.figures.last()?))
    }
}

/// The figures of all cells, in the order in which they were first measured.
pub(crate) fn figures(entries: &[Entry]) -> Vec<Figure> {
    let mut cells: Vec<(Cell, Vec<&Entry>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for entry in entries {
        let key = serde_json::to_string(&entry.cell).expect("a cell is JSON");
        let place = *places.entry(key).or_insert_with(|| {
            cells.push((entry.cell, Vec::new()));
            cells.len() - 1
        });
        cells[place].1.push(entry);
    }
    let checksum = |cell: &Cell| {
        let same = |other: &&Entry| (other.cell.workload, picture(&other.cell)) == (cell.workload, picture(cell));
        entries.iter().filter(same).find_map(|entry| entry.outcome?.checksum)
    };
    cells.iter().flat_map(|(cell, entries)| measures(*cell, entries, checksum(cell))).collect()
}

/// What the result depends on: not on who computes it, or on how many do.
fn picture(cell: &Cell) -> Params {
    Params { workers: None, ..cell.params }
}

fn measures(cell: Cell, entries: &[&Entry], checksum: Option<u64>) -> Vec<Figure> {
    let right = |outcome: &&Outcome| outcome.checksum == checksum;
    let outcomes: Vec<Outcome> = entries.iter().filter_map(|entry| entry.outcome).collect();
    let failed = entries.iter().find_map(|entry| Some((entry.failure?, entry.complaint.clone())));
    let wrong = outcomes.iter().any(|outcome| !right(&outcome)).then(|| (Failure::Wrong, String::new()));
    let failure = failed.or(wrong);
    let figure = |measure: Option<Measure>, value: fn(&Outcome) -> Option<f64>| Figure {
        cell: Cell { params: Params { measure, ..cell.params }, ..cell },
        figures: sorted(outcomes.iter().filter(right).filter_map(value)),
        failure: failure.clone(),
    };
    match cell.workload.measures() {
        Some((first, second)) => vec![
            figure(Some(first), |outcome| Some(outcome.value)),
            figure(Some(second), |outcome| outcome.cpu.or(outcome.p99)),
        ],
        None => vec![figure(None, |outcome| Some(outcome.value))],
    }
}

/// The figures of one workload by their rows.
pub(crate) fn rows(figures: &[Figure], workload: Workload) -> Vec<(Params, Vec<&Figure>)> {
    let mut rows: Vec<(Params, Vec<&Figure>)> = Vec::new();
    for figure in figures.iter().filter(|figure| figure.cell.workload == workload) {
        match rows.iter_mut().find(|(params, _)| *params == figure.cell.params) {
            Some((_, row)) => row.push(figure),
            None => rows.push((figure.cell.params, vec![figure])),
        }
    }
    rows
}

/// The better of a subject's figures in `row`, unpinned or pinned.
pub(crate) fn better<'f>(row: &[&'f Figure], subject: Subject) -> Option<&'f Figure> {
    let own = row.iter().filter(|figure| figure.cell.subject == subject && figure.median().is_some());
    own.min_by(|one, other| one.median().unwrap_or(f64::MAX).total_cmp(&other.median().unwrap_or(f64::MAX))).copied()
}

/// A subject's figure in `row` with that pinning.
pub(crate) fn of<'f>(row: &[&'f Figure], subject: Subject, pinning: Pinning) -> Option<&'f Figure> {
    row.iter().find(|figure| figure.cell.subject == subject && figure.cell.pinning == pinning).copied()
}

/// A row's parameters in words, whichever there are: `n=8 tokens=1`, `mixed`.
pub(crate) fn label(params: &Params) -> String {
    let serde_json::Value::Object(fields) = serde_json::to_value(params).expect("parameters are JSON") else {
        unreachable!("parameters are an object")
    };
    let word = |(name, value): (&String, &serde_json::Value)| match value {
        serde_json::Value::String(word) => word.clone(),
        serde_json::Value::Bool(true) => name.clone(),
        number => format!("{name}={number}"),
    };
    fields.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Three digits that count, or all of those before the point.
pub(crate) fn number(figure: f64) -> String {
    if !figure.is_finite() {
        return "–".into();
    }
    let decimals = if figure.abs() >= 100.0 {
        0
    } else if figure.abs() >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{figure:.decimals$}");
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && digit.is_ascii_digit() && !grouped.ends_with('-') {
            grouped.push(','); // thousands, as in the text
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Kind;

    fn entry(workload: Workload, params: Params, value: f64, checksum: Option<u64>) -> Entry {
        Entry {
            cell: Cell { workload, params, subject: Subject::CspThreads, pinning: Pinning::Unpinned },
            outcome: Some(Outcome { cpu: Some(2.0 * value), checksum, ..value.into() }),
            failure: None,
            complaint: String::new(),
            seconds: 0.1,
            others: None,
        }
    }

    #[test]
    fn runs_of_a_cell_come_to_a_median_and_a_spread() {
        let params = Params { kind: Some(Kind::Mixed), ..Params::default() };
        let entries = [5.0, 1.0, 2.0].map(|value| entry(Workload::Choice, params, value, None));
        let figures = figures(&entries);
        assert_eq!(figures.len(), 1);
        assert_eq!((figures[0].median(), figures[0].spread()), (Some(2.0), Some((1.0, 5.0))));
        assert_eq!(label(&figures[0].cell.params), "mixed");
    }

    #[test]
    fn a_picture_that_differs_is_wrong_and_has_no_figure() {
        let one = Params { size: Some(8), workers: Some(1), ..Params::default() };
        let two = Params { workers: Some(2), ..one };
        let entries = [entry(Workload::Mandelbrot, one, 4.0, Some(7)), entry(Workload::Mandelbrot, two, 2.0, Some(8))];
        let figures = figures(&entries);
        assert_eq!(figures.len(), 4, "wall and CPU for each");
        assert_eq!((figures[0].median(), figures[1].median()), (Some(4.0), Some(8.0)));
        assert!(matches!(figures[2].failure, Some((Failure::Wrong, _))) && figures[2].figures.is_empty());
        assert_eq!(label(&figures[1].cell.params), "size=8 workers=1 cpu");
    }

    #[test]
    fn numbers_have_three_digits_that_count_and_groups_of_thousands() {
        let numbers = [0.1234, 12.34, 123.4, 1234.0, 1_234_567.0, -1234.0].map(number);
        assert_eq!(numbers, ["0.12", "12.3", "123", "1,234", "1,234,567", "-1,234"]);
    }
}
