//! One command that measures everything and writes a report with plots: `csp-bench report`.

mod about;
mod args;
mod campaign;
pub(crate) mod chapters;
pub(crate) mod effort;
pub(crate) mod figures;
mod html;
mod log;
mod markdown;
mod plan;
pub(crate) mod plot;
pub(crate) mod presence;
mod progress;
pub(crate) mod setting;

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use self::args::Options;
use self::chapters::Report;
use self::log::Log;
use self::presence::Absent;
use self::setting::Setting;

/// Runs `report` with the words that follow it.
pub(crate) fn main(parser: lexopt::Parser) -> ExitCode {
    let options = match args::parse(parser) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("csp-bench report: {error}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("csp-bench report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<()> {
    let mut log = Log::open(&options.out, Setting::here(options.effort), options.afresh, options.draw)?;
    let (present, absent) = presence::roll_call();
    if !options.draw {
        let mut plan = plan::plan(options.effort, &present);
        plan.retain(|cell| options.only.is_empty() || options.only.contains(&cell.workload));
        campaign::run(&plan, &mut log, |log| write(&options.out, log, &absent))?;
    }
    write(&options.out, &log, &absent)?;
    for name in ["report.html", "summary.md", "figures.jsonl"] {
        println!("{}", options.out.join(name).display());
    }
    Ok(())
}

/// Writes what `log` comes to.
fn write(directory: &Path, log: &Log, absent: &[Absent]) -> io::Result<()> {
    let report = Report::new(log, absent);
    replace(&directory.join("report.html"), &html::page(&report))?;
    replace(&directory.join("summary.md"), &markdown::page(&report))?;
    for (name, svg) in report.pictures() {
        fs::create_dir_all(directory.join("plots"))?;
        replace(&directory.join("plots").join(name), &plot::on_its_own(&svg))?;
    }
    Ok(())
}

/// Never half a file, even if this is interrupted.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}
