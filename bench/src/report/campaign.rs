//! Measures what a report shows, run by run, each cell in a fresh process, and writes every figure down at once.

use std::io;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::effort::Effort;
use super::log::{Entry, Log};
use super::progress::Progress;
use crate::cell::Cell;
use crate::fresh::{self, Terms};
use crate::machine::Noise;

/// Measures what `log` lacks of `plan`. After each pass over all cells, `so_far` may show what there is.
///
/// # Errors
/// If a figure cannot be written down, and what `so_far` returns.
pub(crate) fn run(plan: &[Cell], log: &mut Log, mut so_far: impl FnMut(&Log) -> io::Result<()>) -> io::Result<()> {
    let effort = log.setting.effort;
    let mut progress = Progress::new(effort, &log.entries);
    let bar = bar();
    for run in 0..effort.runs() {
        let wanted = plan.iter().filter(|cell| progress.wants(cell, run)).count();
        bar.set_length((bar.position()) + wanted as u64);
        for &cell in plan {
            if !progress.wants(&cell, run) {
                continue;
            }
            bar.set_message(format!("run {}: {}, {}", run + 1, cell.workload.name(), cell.subject.name()));
            let entry = measure(cell, effort, progress.left());
            progress.note(&entry);
            log.append(entry)?;
            bar.inc(1);
        }
        so_far(log)?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Nothing is drawn where standard error is no terminal.
fn bar() -> ProgressBar {
    let style = "{elapsed_precise} {bar:30} {pos}/{len} {wide_msg}";
    ProgressBar::new(0).with_style(ProgressStyle::with_template(style).expect("a template that does not change"))
}

fn measure(cell: Cell, effort: Effort, left: Duration) -> Entry {
    let noise = Noise::listen();
    let timeout = effort.timeout().max(cell.workload.least_timeout()).min(left.max(Duration::from_secs(1)));
    let terms = Terms { timeout, timed: Some(effort.timed()), keeps_complaints: true, ..Terms::default() };
    let start = Instant::now();
    let run = fresh::run(cell, &terms);
    // The clock of the machine's idleness ticks every 10 ms: what it says of a shorter time is chance.
    let others =
        if start.elapsed() > Duration::from_millis(200) { noise.and_then(|noise| noise.others()) } else { None };
    Entry::new(cell, run, others)
}
