//! What each workload measures and divides by, from the one place that says so: the tables of bench/README.md.

use crate::workload::Workload;

const README: &str = include_str!("../../README.md");

/// A row of the table of workloads.
pub(crate) struct About {
    pub(crate) what: &'static str,
    pub(crate) divided_by: &'static str,
}

/// What README.md says about `workload`; one row for each of its kinds.
pub(crate) fn about(workload: Workload) -> Vec<About> {
    let name = format!("`{}`", workload.name());
    let rows = README.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.filter_map(|row| {
        let mut cells = row.split(" | ");
        let (first, what, divided_by) = (cells.next()?, cells.next()?, cells.next()?);
        first.split(' ').next().filter(|word| *word == name)?;
        Some(About { what, divided_by })
    })
    .collect()
}

#[test]
fn the_readme_explains_every_workload() {
    for &workload in Workload::ALL {
        let rows = about(workload);
        assert!(!rows.is_empty(), "bench/README.md has no row for `{}`", workload.name());
        assert!(rows.iter().all(|row| !row.what.is_empty() && !row.divided_by.is_empty()));
    }
}
