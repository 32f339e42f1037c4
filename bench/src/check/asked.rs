//! What the issues ask for, from `asked.toml`: whose figure, beside whose, and how they are to compare.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::verdict::Bound;
use crate::cell::Cell;
use crate::workload::{Measure, Params, Pinning, Subject, Workload};

const ASKED: &str = include_str!("../../asked.toml");

/// One ratio.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) issue: u32,
    workload: Workload,
    #[serde(default)]
    params: Params,
    subject: Subject,
    /// Where this is absent, each side's better one counts.
    pinning: Option<Pinning>,
    /// Of the rivals the fastest counts. None: the subject itself, with other parameters or another environment.
    #[serde(default)]
    rivals: Vec<Subject>,
    /// Where these are absent, the rivals do what the subject does.
    rival_workload: Option<Workload>,
    rival_params: Option<Params>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    rival_environment: BTreeMap<String, String>,
    /// Where a workload has two.
    pub(super) measure: Option<Measure>,
    /// The rival's figure by the subject's, at least.
    times_as_fast: Option<f64>,
    /// The subject's figure by the rival's, at most.
    at_most: Option<f64>,
    /// The subject's figure itself, at most: for what is no time.
    no_more_than: Option<f64>,
}

/// A cell with what its environment has to hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Runner {
    pub(super) cell: Cell,
    pub(super) environment: Vec<(String, String)>,
}

/// All ratios, in the order of the file.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn all() -> Result<Vec<Asked>, String> {
    parse(ASKED)
}

fn parse(text: &str) -> Result<Vec<Asked>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        asked: Vec<Asked>,
    }
    let document: Document = toml::from_str(text).map_err(|error| format!("asked.toml: {error}"))?;
    match document.asked.iter().find(|asked| asked.bounds() != 1) {
        Some(wrong) => Err(format!("asked.toml: `{}` has to have one bound", wrong.title())),
        None => Ok(document.asked),
    }
}

impl Asked {
    fn bounds(&self) -> usize {
        [self.times_as_fast, self.at_most, self.no_more_than].into_iter().flatten().count()
    }

    pub(super) fn bound(&self) -> Bound {
        match (self.times_as_fast, self.at_most, self.no_more_than) {
            (Some(least), ..) => Bound::AtLeast(least),
            (_, Some(most), _) | (.., Some(most)) => Bound::AtMost(most),
            (None, None, None) => unreachable!("`parse` has seen a bound"),
        }
    }

    /// Whether the figure alone is bounded.
    pub(super) fn is_absolute(&self) -> bool {
        self.no_more_than.is_some()
    }

    /// What is asked, in few words.
    pub(super) fn title(&self) -> String {
        let label = |params: &Params| crate::report::figures::label(params);
        let measure = self.measure.map_or("", Measure::name);
        let settings: Vec<String> = self.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let words = [self.workload.name(), &label(&self.params), measure, &settings.join(" "), self.pinning_word()];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.join(" ")
    }

    fn pinning_word(&self) -> &'static str {
        self.pinning.map_or("", Pinning::name)
    }

    pub(super) fn subject(&self) -> Subject {
        self.subject
    }

    /// Beside whom, in few words.
    pub(super) fn beside(&self) -> String {
        if self.is_absolute() {
            return self.workload.unit().to_owned();
        }
        let mut words: Vec<String> = self.rivals.iter().map(|rival| rival.name().to_owned()).collect();
        if words.is_empty() {
            words.push("itself".into());
        }
        let mut text = words.join(", ");
        if let Some(workload) = self.rival_workload {
            text += &format!(" {}", workload.name());
        }
        if let Some(params) = &self.rival_params {
            text += &format!(" {}", crate::report::figures::label(params));
        }
        for (name, value) in &self.rival_environment {
            text += &format!(" {name}={value}");
        }
        text
    }

    /// The cells of which the subject's better one counts.
    pub(super) fn own(&self) -> Vec<Runner> {
        self.runners(self.subject, self.workload, self.params, &self.environment)
    }

    /// The cells of which the fastest one counts; none where the figure alone is bounded.
    pub(super) fn others(&self) -> Vec<Runner> {
        if self.is_absolute() {
            return Vec::new();
        }
        let subjects = if self.rivals.is_empty() { vec![self.subject] } else { self.rivals.clone() };
        let workload = self.rival_workload.unwrap_or(self.workload);
        let params = self.rival_params.unwrap_or(self.params);
        let runners = |subject| self.runners(subject, workload, params, &self.rival_environment);
        subjects.into_iter().flat_map(runners).collect()
    }

    fn runners(
        &self,
        subject: Subject,
        workload: Workload,
        params: Params,
        environment: &BTreeMap<String, String>,
    ) -> Vec<Runner> {
        let pinnings = workload.pinnings().iter().filter(|pinning| self.pinning.is_none_or(|only| only == **pinning));
        let environment: Vec<(String, String)> = environment.clone().into_iter().collect();
        let cell = |&pinning| Cell { workload, params, subject, pinning };
        pinnings.map(|pinning| Runner { cell: cell(pinning), environment: environment.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_what_there_is() {
        let all = all().expect("asked.toml is right");
        assert!(all.len() >= 30, "{}", all.len());
        for asked in &all {
            let own = asked.own();
            assert!(!own.is_empty(), "{}", asked.title());
            for runner in own.iter().chain(&asked.others()) {
                let Cell { workload, params, subject, .. } = runner.cell;
                let takes_part = subject.backend().is_some() || workload.rivals().contains(&subject);
                assert!(takes_part && workload.has(params, subject), "{}: {}", asked.title(), subject.name());
            }
            let known = asked
                .workload
                .measures()
                .is_some_and(|(first, second)| asked.measure == Some(first) || asked.measure == Some(second));
            assert!(known || asked.measure.is_none(), "{}", asked.title());
        }
    }

    #[test]
    fn one_bound_each() {
        let entry = "[[asked]]\nissue = 2\nworkload = \"stream\"\nsubject = \"csp:threads\"\nrivals = [\"std\"]\n";
        assert!(parse(entry).is_err());
        assert_eq!(parse(&format!("{entry}at_most = 2\n")).expect("one")[0].bound(), Bound::AtMost(2.0));
        assert!(parse(&format!("{entry}at_most = 2\ntimes_as_fast = 1\n")).is_err());
        assert!(parse(&format!("{entry}at_least = 2\n")).is_err(), "an unknown word");
    }
}
