//! The committed baseline, `counts.toml`, and how a count compares with it.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::report::figures::label;
use crate::report::setting::compiler;
use crate::workload::{Params, Workload};

const HEAD: &str = "\
# Instructions a round of coroutine workloads, by valgrind's callgrind, one worker: `csp-bench instructions` compares with these.
# Written by `cargo run --release -p csp-bench -- instructions --record`.
";

/// How much more is no news; twice of it where another compiler has been at work.
const TOLERANCE: f64 = 0.03;

/// The baseline.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Counts {
    compiler: String,
    count: Vec<Count>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Count {
    workload: Workload,
    params: Params,
    instructions: f64,
}

/// How a count compares.
#[derive(Debug, PartialEq)]
pub(super) enum Judgement {
    AsBefore,
    /// By these shares, from 0 to 1 and more.
    Fewer(f64),
    More {
        by: f64,
        tolerance: f64,
    },
    New,
}

impl Judgement {
    pub(super) fn text(&self) -> String {
        match self {
            Self::AsBefore => "as before".into(),
            Self::Fewer(by) => format!("{:.1} % fewer than the baseline: record it", by * 100.0),
            Self::More { by, tolerance } => {
                format!("{:.1} % MORE than the baseline, of which {:.0} % are tolerated", by * 100.0, tolerance * 100.0)
            }
            Self::New => "no baseline yet: record it".into(),
        }
    }
}

/// Where the baseline lies.
pub(super) fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/counts.toml"))
}

impl Counts {
    pub(super) fn new(counted: Vec<(Workload, Params, f64)>) -> Self {
        let count = |(workload, params, count): (Workload, Params, f64)| Count {
            workload,
            params,
            instructions: count.round(),
        };
        Self { compiler: compiler(), count: counted.into_iter().map(count).collect() }
    }

    /// # Errors
    /// What the system says, or what is wrong with the file.
    pub(super) fn read() -> Result<Self, String> {
        let text = fs::read_to_string(path()).map_err(|error| format!("{}: {error}", path().display()))?;
        toml::from_str(&text).map_err(|error| format!("counts.toml: {error}"))
    }

    /// # Errors
    /// What the system says.
    pub(super) fn write(&self) -> Result<(), String> {
        let text = toml::to_string(self).map_err(|error| error.to_string())?;
        fs::write(path(), format!("{HEAD}{text}")).map_err(|error| format!("{}: {error}", path().display()))
    }

    pub(super) fn judge(&self, workload: Workload, params: &Params, count: f64) -> Judgement {
        let same = |known: &&Count| known.workload == workload && label(&known.params) == label(params);
        let Some(known) = self.count.iter().find(same) else { return Judgement::New };
        let tolerance = if self.compiler == compiler() { TOLERANCE } else { 2.0 * TOLERANCE };
        let more = count / known.instructions - 1.0;
        if more > tolerance {
            Judgement::More { by: more, tolerance }
        } else if more < -tolerance {
            Judgement::Fewer(-more)
        } else {
            Judgement::AsBefore
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_than_is_tolerated_is_news_of_the_bad_kind() {
        let params = Params { n: Some(8), ..Params::default() };
        let counts = Counts::new(vec![(Workload::Ring, params, 1000.0)]);
        let judge = |count| counts.judge(Workload::Ring, &params, count);
        assert_eq!([971.0, 1000.0, 1029.0].map(judge), [(); 3].map(|()| Judgement::AsBefore));
        assert!(matches!(judge(900.0), Judgement::Fewer(_)));
        assert!(matches!(judge(1100.0), Judgement::More { .. }));
        assert_eq!(counts.judge(Workload::Ring, &Params::default(), 1.0), Judgement::New);
    }

    #[test]
    fn the_committed_baseline_can_be_read_and_has_every_count() {
        let counts = Counts::read().expect("bench/counts.toml");
        for cell in super::super::cells() {
            assert_ne!(counts.judge(cell.workload, &cell.params, 1.0), Judgement::New, "{}", cell.workload.name());
        }
    }
}
