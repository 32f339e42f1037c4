//! The paired runs behind a verdict: both sides from fresh processes, in turn.

use std::time::{Duration, Instant};

use super::asked::{Asked, Runner};
use super::verdict::{Bound, Verdict, judge};
use crate::cell::Outcome;
use crate::fresh::{self, Terms};
use crate::machine::{Noise, TOLERABLE};
use crate::statistics::{median, sorted};
use crate::workload::Measure;

/// Pairs, at least: below this there is no interval; and for a bound closer than 1.3.
const LEAST: usize = 6;
const LEAST_CLOSE: usize = 15;
/// After so many nothing more is to be learnt.
const MOST: usize = 30;
/// Runs of each candidate, to see who it is that counts.
const SCOUTING: usize = 3;
/// Who is within this of the best of the scouts stays in, and the pairs decide.
const STILL_IN: f64 = 1.15;
const STAY_IN: usize = 2;
/// A timed part: long enough for a ratio, short enough for many pairs.
const TIMED: Duration = Duration::from_millis(120);
const TIMEOUT: Duration = Duration::from_secs(120);

/// What was found, and between whom.
pub(super) struct Found {
    pub(super) verdict: Verdict,
    pub(super) pairs: usize,
    /// Who won among the rivals.
    pub(super) rival: String,
}

/// Measures `asked`; `tick` is told of each run. Pairs that others disturb are left out until `patience` is used up.
pub(super) fn decide(asked: &Asked, patience: &mut Duration, mut tick: impl FnMut(&Runner)) -> Found {
    let undecided = |why: String| Found { verdict: Verdict::Undecided(None, why), pairs: 0, rival: "–".into() };
    let own = match scout(asked.own(), asked.measure, &mut tick) {
        Ok(own) => own,
        Err(why) => return undecided(why),
    };
    let others = if asked.is_absolute() { Ok(Vec::new()) } else { scout(asked.others(), asked.measure, &mut tick) };
    let others = match others {
        Ok(others) => others,
        Err(why) => return undecided(why),
    };
    let bound = asked.bound();
    let least = if bound.is_close() { LEAST_CLOSE } else { LEAST };
    let mut own_figures = vec![Vec::new(); own.len()];
    let mut other_figures = vec![Vec::new(); others.len()];
    let mut failures = 0;
    loop {
        let mut run = |runners: &[Runner]| -> Result<Vec<f64>, String> {
            runners
                .iter()
                .map(|runner| {
                    tick(runner);
                    figure(runner, asked.measure)
                })
                .collect()
        };
        let (noise, start) = (Noise::listen(), Instant::now());
        let pair = run(&own).and_then(|own| Ok((own, run(&others)?)));
        if !patience.is_zero() && noise.and_then(|noise| noise.others()).is_some_and(|others| others > TOLERABLE) {
            *patience = patience.saturating_sub(start.elapsed());
            continue;
        }
        // A pair of which one has failed is no pair; a subject that fails often has no ratio.
        match pair {
            Ok((own, others)) => {
                own_figures.iter_mut().zip(own).for_each(|(all, one)| all.push(one));
                other_figures.iter_mut().zip(others).for_each(|(all, one)| all.push(one));
            }
            Err(why) => {
                failures += 1;
                if failures > 2 {
                    return undecided(why);
                }
                continue;
            }
        }
        let pairs = own_figures[0].len();
        if ![least, 2 * least, MOST].contains(&pairs) {
            continue; // who looks after each pair until it pleases him deceives himself
        }
        let mine = best(&own_figures);
        let theirs = best(&other_figures);
        let ratios: Vec<f64> = match (theirs, bound) {
            (None, _) => own_figures[mine.unwrap_or(0)].clone(),
            (Some(theirs), bound) => {
                let pair = own_figures[mine.unwrap_or(0)].iter().zip(&other_figures[theirs]);
                pair.map(|(own, other)| if matches!(bound, Bound::AtLeast(_)) { other / own } else { own / other })
                    .collect()
            }
        };
        let verdict = judge(&ratios, bound);
        if pairs >= MOST || !matches!(verdict, Verdict::Undecided(..)) {
            let rival = theirs.map_or("–".into(), |index| {
                format!("{}, {}", others[index].cell.subject.name(), others[index].cell.pinning.name())
            });
            return Found { verdict, pairs, rival };
        }
    }
}

/// Those of `candidates` that may be the fastest, after a few runs.
fn scout(
    candidates: Vec<Runner>,
    measure: Option<Measure>,
    tick: &mut impl FnMut(&Runner),
) -> Result<Vec<Runner>, String> {
    if candidates.len() == 1 {
        return Ok(candidates);
    }
    let mut why = String::from("nobody takes part");
    let mut scouted = Vec::new();
    for runner in candidates {
        let mut figures = Vec::new();
        for _ in 0..SCOUTING {
            tick(&runner);
            match figure(&runner, measure) {
                Ok(figure) => figures.push(figure),
                Err(failure) => {
                    why = failure;
                    break;
                }
            }
        }
        if let Some(figure) = median(&sorted(figures)) {
            scouted.push((figure, runner));
        }
    }
    scouted.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let Some(&(fastest, _)) = scouted.first() else { return Err(why) };
    let still_in = scouted.into_iter().filter(|(figure, _)| *figure <= fastest * STILL_IN);
    Ok(still_in.take(STAY_IN).map(|(_, runner)| runner).collect())
}

/// Which of several has the least median.
fn best(figures: &[Vec<f64>]) -> Option<usize> {
    let medians = figures.iter().map(|figures| median(&sorted(figures.iter().copied())).unwrap_or(f64::MAX));
    medians.enumerate().min_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(index, _)| index)
}

fn figure(runner: &Runner, measure: Option<Measure>) -> Result<f64, String> {
    let timeout = TIMEOUT.max(runner.cell.workload.least_timeout());
    let terms = Terms { timeout, timed: Some(TIMED), environment: runner.environment.clone(), keeps_complaints: true };
    let run = fresh::run(runner.cell, &terms);
    let name = runner.cell.subject.name();
    let outcome: Outcome =
        run.outcome.map_err(|failure| format!("{name}: {} {}", failure.name(), run.complaint.trim()))?;
    match measure {
        Some(Measure::Cpu) => outcome.cpu.ok_or_else(|| format!("{name} measures no CPU time")),
        Some(Measure::P99) => outcome.p99.ok_or_else(|| format!("{name} measures no percentiles")),
        _ => Ok(outcome.value),
    }
}
