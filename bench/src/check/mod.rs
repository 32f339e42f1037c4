//! The guard: measures every ratio that the issues ask for, and says which are held: `csp-bench check`.

mod asked;
mod pairs;
mod verdict;

use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use lexopt::prelude::*;

use self::asked::Asked;
use self::pairs::Found;
use self::verdict::Verdict;
use crate::machine::Noise;
use crate::report::figures::number;
use crate::report::presence;
use crate::workload::Subject;

const HELP: &str = "\
Measures every ratio of bench/asked.toml and prints what was asked, what was measured, and whether it is held.

Usage: csp-bench check [OPTIONS] [WORD]…

With words, only what contains one of them: a workload, a subject.

Options:
  --issue N   only what this issue asks
  --quiet S   leave out pairs that other programs disturb, for at most S seconds [default: 0]
  --list      only list what is asked
  -h, --help  this text

Exit code: 0 all held; 1 one fell short, or more than a tenth could not be decided; 2 fewer could not be decided.
";

struct Options {
    issue: Option<u32>,
    quiet: Duration,
    list: bool,
    words: Vec<String>,
}

/// Runs `check` with the words that follow it.
pub(crate) fn main(parser: lexopt::Parser) -> ExitCode {
    match parse(parser) {
        Ok(Some(options)) => run(&options),
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("csp-bench check: {error}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options { issue: None, quiet: Duration::ZERO, list: false, words: Vec::new() };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("issue") => options.issue = Some(parser.value()?.parse()?),
            Long("quiet") => options.quiet = Duration::from_secs(parser.value()?.parse()?),
            Long("list") => options.list = true,
            Value(word) => options.words.push(word.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(options))
}

fn run(options: &Options) -> ExitCode {
    let all = match asked::all() {
        Ok(all) => all,
        Err(error) => {
            eprintln!("csp-bench check: {error}");
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<Asked> = all.into_iter().filter(|asked| is_chosen(asked, options)).collect();
    if chosen.is_empty() {
        eprintln!("csp-bench check: nothing that is asked fits; --list shows what there is");
        return ExitCode::from(2);
    }
    line(["issue", "what", "subject", "beside", "asked", "measured", "95 % interval", "pairs", "", ""]);
    if options.list {
        chosen.iter().for_each(|asked| row(asked, None));
        return ExitCode::SUCCESS;
    }
    let (present, _) = presence::roll_call();
    let style = ProgressStyle::with_template("{elapsed_precise} {bar:30} {pos}/{len} {wide_msg}");
    let bar = ProgressBar::new(chosen.len() as u64).with_style(style.expect("a template that does not change"));
    let (noise, mut patience) = (Noise::listen(), options.quiet);
    let mut verdicts = Vec::new();
    for asked in &chosen {
        let found = if let Some(missing) = missing(asked, &present) {
            let verdict = Verdict::Undecided(None, format!("{} is not here", missing.name()));
            Found { verdict, pairs: 0, rival: "–".into() }
        } else {
            pairs::decide(asked, &mut patience, |runner| {
                bar.set_message(format!("{}: {}", asked.title(), runner.cell.subject.name()))
            })
        };
        bar.suspend(|| row(asked, Some(&found)));
        bar.inc(1);
        verdicts.push(found.verdict);
    }
    bar.finish_and_clear();
    let count = |is: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| is(verdict)).count();
    println!(
        "{} held, {} short, {} undecided",
        count(|it| matches!(it, Verdict::Held(_))),
        count(|it| matches!(it, Verdict::Short(_))),
        count(|it| matches!(it, Verdict::Undecided(..))),
    );
    if let Some(others) = noise.and_then(|noise| noise.others()) {
        println!("other programs used {:.0} % of the machine meanwhile", others * 100.0);
    }
    ExitCode::from(verdict::exit_code(&verdicts))
}

fn is_chosen(asked: &Asked, options: &Options) -> bool {
    let text = format!("{} {} {}", asked.title(), asked.subject().name(), asked.beside());
    options.issue.is_none_or(|issue| issue == asked.issue)
        && (options.words.is_empty() || options.words.iter().any(|word| text.contains(word)))
}

/// The subject that is not here, or the first rival where not one of them is.
fn missing(asked: &Asked, present: &[Subject]) -> Option<Subject> {
    if !present.contains(&asked.subject()) {
        return Some(asked.subject());
    }
    let others = asked.others();
    let all_away = !others.iter().any(|other| present.contains(&other.cell.subject));
    others.first().filter(|_| all_away).map(|other| other.cell.subject)
}

fn row(asked: &Asked, found: Option<&Found>) {
    let (verdict, interval, why) = match found.map(|found| &found.verdict) {
        None => ("", None, ""),
        Some(Verdict::Held(interval)) => ("held", Some(interval), ""),
        Some(Verdict::Short(interval)) => ("SHORT", Some(interval), ""),
        Some(Verdict::Undecided(interval, why)) => ("undecided", interval.as_ref(), why.as_str()),
    };
    let measured = interval.map_or("–".into(), |it| number(it.middle));
    let interval = interval.map_or("–".into(), |it| format!("{} – {}", number(it.low), number(it.high)));
    let pairs = found.map_or("–".into(), |found| found.pairs.to_string());
    let against = found.map_or("", |found| found.rival.as_str());
    let remark = if why.is_empty() { against.to_owned() } else { why.to_owned() };
    line([
        &asked.issue.to_string(),
        &asked.title(),
        asked.subject().name(),
        &asked.beside(),
        &asked.bound().text(),
        &measured,
        &interval,
        &pairs,
        verdict,
        &remark,
    ]);
}

/// Printed as soon as it is known, so the widths are fixed.
fn line(cells: [&str; 10]) {
    let widths = [5, 34, 14, 34, 9, 9, 17, 5, 9, 0];
    let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
    println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
}
