//! How many instructions a round of a coroutine workload takes, beside the committed baseline: `csp-bench instructions`.
//!
//! Unlike times these do not depend on the machine's mood; only on the source and the compiler.

mod callgrind;
mod counts;

use std::process::ExitCode;

use indicatif::ProgressBar;
use lexopt::prelude::*;

use self::counts::{Counts, Judgement};
use crate::cell::Cell;
use crate::workload::{Kind, Params, Pinning, Subject, Workload};

const HELP: &str = "\
Counts the instructions of a round of the coroutine workloads, with valgrind's callgrind, and compares them with bench/counts.toml.

Usage: csp-bench instructions [--record]

Options:
  --record    write bench/counts.toml anew instead: read the difference before you commit it
  -h, --help  this text

Exit code: 0 no more than the baseline and its tolerance, or no valgrind here; 1 more.
";

/// Runs `instructions` with the words that follow it.
pub(crate) fn main(mut parser: lexopt::Parser) -> ExitCode {
    let mut record = false;
    loop {
        match parser.next() {
            Ok(Some(Short('h') | Long("help"))) => {
                print!("{HELP}");
                return ExitCode::SUCCESS;
            }
            Ok(Some(Long("record"))) => record = true,
            Ok(Some(other)) => return complain(&other.unexpected()),
            Err(error) => return complain(&error),
            Ok(None) => break,
        }
    }
    if !callgrind::is_here() {
        println!("valgrind is not here: no instructions were counted");
        return ExitCode::SUCCESS;
    }
    let compared = run(record);
    compared.unwrap_or_else(|error| {
        eprintln!("csp-bench instructions: {error}");
        ExitCode::FAILURE
    })
}

fn complain(error: &lexopt::Error) -> ExitCode {
    eprintln!("csp-bench instructions: {error}");
    ExitCode::from(2)
}

/// The rendezvous, there and back and in a ring, and the choice.
fn cells() -> Vec<Cell> {
    let of = |workload, params| Cell { workload, params, subject: Subject::CspCoroutines, pinning: Pinning::Unpinned };
    let choice = |kind| of(Workload::Choice, Params { kind: Some(kind), ..Params::default() });
    vec![
        of(Workload::Pingpong, Params::default()),
        of(Workload::Ring, Params { n: Some(8), ..Params::default() }),
        of(Workload::Commstime, Params::default()),
        choice(Kind::Inputs),
        choice(Kind::Mixed),
    ]
}

fn run(record: bool) -> Result<ExitCode, String> {
    let bar = ProgressBar::new(cells().len() as u64);
    let mut counted = Vec::new();
    for cell in cells() {
        counted.push((cell.workload, cell.params, callgrind::per_round(cell)?));
        bar.inc(1);
    }
    bar.finish_and_clear();
    if record {
        Counts::new(counted).write()?;
        println!("{}", counts::path().display());
        return Ok(ExitCode::SUCCESS);
    }
    let baseline = Counts::read()?;
    let mut code = ExitCode::SUCCESS;
    for (workload, params, count) in counted {
        let judgement = baseline.judge(workload, &params, count);
        if let Judgement::More { .. } = judgement {
            code = ExitCode::FAILURE;
        }
        let name = format!("{} {}", workload.name(), crate::report::figures::label(&params));
        println!("{:<18} {count:>7.0} instructions a round: {}", name.trim_end(), judgement.text());
    }
    Ok(code)
}
