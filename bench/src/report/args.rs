//! The command line of `report`.

use std::path::PathBuf;

use lexopt::prelude::*;

use super::effort::Effort;
use crate::workload::Workload;

pub(super) const HELP: &str = "\
Measures all workloads on all backends and rivals that are here, and writes a report with plots.

Usage: csp-bench report [OPTIONS]

Options:
  --quick     within 5 minutes, instead of 45: shorter runs, fewer of them, smaller N
  --out DIR   where report.html, summary.md and figures.jsonl are written [default: target/report]
  --only W    only this workload; may be repeated
  --afresh    forget the figures that DIR holds; otherwise an interrupted report goes on
  --draw      measure nothing: draw what DIR holds
  -h, --help  this text
";

pub(super) struct Options {
    pub(super) effort: Effort,
    pub(super) out: PathBuf,
    /// Where not empty: nothing else.
    pub(super) only: Vec<Workload>,
    pub(super) afresh: bool,
    pub(super) draw: bool,
}

/// Reads what follows the word `report`; nothing where help is wanted.
///
/// # Errors
/// A wrong or unknown argument.
pub(super) fn parse(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        effort: Effort::Full,
        out: PathBuf::from("target/report"),
        only: Vec::new(),
        afresh: false,
        draw: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("quick") => options.effort = Effort::Quick,
            Long("out") => options.out = parser.value()?.into(),
            Long("only") => {
                let name = parser.value()?.string()?;
                let workload = Workload::from_name(&name);
                options.only.push(
                    workload.ok_or_else(|| format!("unknown workload `{name}`; there are {}", Workload::names()))?,
                );
            }
            Long("afresh") => options.afresh = true,
            Long("draw") => options.draw = true,
            _ => return Err(argument.unexpected()),
        }
    }
    if options.afresh && options.draw {
        return Err("--afresh and --draw contradict each other".into());
    }
    Ok(Some(options))
}
