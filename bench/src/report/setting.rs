//! Where and by what figures were measured: machine, kernel, compiler, commit.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::effort::Effort;

/// What the report's head says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Setting {
    pub(crate) effort: Effort,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory: String,
    pub(crate) kernel: String,
    pub(crate) compiler: String,
    pub(crate) commit: String,
    /// What makes this very program known again.
    pub(crate) program: String,
    pub(crate) begun: String,
}

impl Setting {
    pub(crate) fn here(effort: Effort) -> Self {
        Self {
            effort,
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: memory().unwrap_or_else(unknown),
            kernel: kernel().unwrap_or_else(unknown),
            compiler: compiler(),
            commit: commit().unwrap_or_else(unknown),
            program: program().unwrap_or_else(unknown),
            begun: date(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())),
        }
    }

    /// Whether figures of `other` may stand beside figures of this one as of one run.
    pub(crate) fn goes_on_as(&self, other: &Self) -> bool {
        (self.effort, &self.program, &self.processor) == (other.effort, &other.program, &other.processor)
    }

    /// What `goes_on_as` compares, in words.
    pub(crate) fn kind(&self) -> String {
        format!("a {} run of program {} at commit {}", self.effort.name(), self.program, self.commit)
    }

    #[cfg(test)]
    pub(crate) fn of_a_test(program: &str) -> Self {
        Self {
            effort: Effort::Quick,
            processor: "a <fast> one".into(),
            cores: 2,
            memory: "1 GiB".into(),
            kernel: "Linux".into(),
            compiler: "rustc".into(),
            commit: "abc".into(),
            program: program.into(),
            begun: date(0),
        }
    }
}

pub(crate) fn compiler() -> String {
    printed("rustc", &["--version"]).unwrap_or_else(unknown)
}

fn unknown() -> String {
    "unknown".into()
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn memory() -> Option<String> {
    let kibibytes: f64 = field("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse().ok()?;
    Some(format!("{:.0} GiB", kibibytes / (1024.0 * 1024.0)))
}

fn kernel() -> Option<String> {
    let part = |name| fs::read_to_string(format!("/proc/sys/kernel/{name}")).ok();
    Some(format!("{} {}", part("ostype")?.trim(), part("osrelease")?.trim()))
}

fn commit() -> Option<String> {
    let here = env!("CARGO_MANIFEST_DIR");
    let commit = printed("git", &["-C", here, "rev-parse", "--short=12", "HEAD"])?;
    let changed = printed("git", &["-C", here, "status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { commit } else { format!("{commit}, with changes") })
}

/// A hash of this program's file: the same source may have been compiled in another way.
fn program() -> Option<String> {
    let mut hash = DefaultHasher::new();
    hash.write(&fs::read(std::env::current_exe().ok()?).ok()?);
    Some(format!("{:016x}", hash.finish()))
}

/// What a program prints, in one line.
fn printed(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The date and time of `seconds` since 1970, in UTC (Howard Hinnant's algorithm for civil dates).
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468; // from 1 March of the year 0
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

#[test]
fn dates_are_those_of_the_calendar() {
    assert_eq!(date(0), "1970-01-01 00:00 UTC");
    assert_eq!(date(951_827_696), "2000-02-29 12:34 UTC");
    assert_eq!(date(1_767_225_540), "2025-12-31 23:59 UTC");
}
