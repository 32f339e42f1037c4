//! The command line of the harness: libtest's everyday options, and ours.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::BACKENDS;

pub(super) const HELP: &str = "\
usage: conformance [FILTER…] [options]
  FILTER            only tests whose name (BACKEND::SCENARIO) contains one of these
  --exact           the name, or the scenario's name, must equal the filter
  --skip TEXT       not the tests whose name contains this
  --list            name the tests, run none
  --backend B       only on this backend
  --times K         runs of a scenario where runs are repeated (default 20)
  --seeds N         seeds 0..N of a scenario where a seed decides (default 200)
  --seed S          only this seed (with --seeds N: seeds S..S+N)
  --time-out SECS   a run that takes longer is a hang (default 60)
  --test-threads N  children at a time (default 2)
for the harness itself:
  --run SCENARIO --backend B [--times K] [--seed S]   run it here, on the main thread
  --as-is           with the environment as it is, whatever backend that names";

/// What the command line asks for.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) help: bool,
    pub(super) list: bool,
    pub(super) exact: bool,
    pub(super) ignored: bool,
    pub(super) filters: Vec<String>,
    pub(super) skips: Vec<String>,
    pub(super) backend: Option<String>,
    pub(super) times: Option<u64>,
    pub(super) seeds: Option<u64>,
    pub(super) seed: Option<u64>,
    pub(super) time_out: Option<Duration>,
    pub(super) children: Option<usize>,
    pub(super) run: Option<String>,
    pub(super) folder: Option<PathBuf>,
    pub(super) as_is: bool,
}

impl Options {
    pub(super) fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options::default();
        while let Some(word) = words.next() {
            let (key, inline) = match word.split_once('=') {
                Some((key, value)) if key.starts_with("--") => (key.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            let mut value = || inline.clone().or_else(|| words.next()).ok_or_else(|| format!("{key} needs a value"));
            match key.as_str() {
                "-h" | "--help" => options.help = true,
                "--list" => options.list = true,
                "--exact" => options.exact = true,
                "--ignored" => options.ignored = true,
                "--skip" => options.skips.push(value()?),
                "--backend" => options.backend = Some(known_backend(value()?)?),
                "--times" => options.times = Some(number(&key, &value()?)?),
                "--seeds" => options.seeds = Some(number(&key, &value()?)?),
                "--seed" => options.seed = Some(number(&key, &value()?)?),
                "--time-out" => options.time_out = Some(Duration::from_secs(number(&key, &value()?)?)),
                "--test-threads" => options.children = Some(number::<usize>(&key, &value()?)?.max(1)),
                "--run" => options.run = Some(value()?),
                "--as-is" => options.as_is = true,
                "--folder" => options.folder = Some(value()?.into()),
                "--format" | "--color" | "--logfile" | "-Z" => drop(value()?),
                "--nocapture" | "--no-capture" | "--show-output" | "--include-ignored" | "-q" | "--quiet" => {}
                unknown if unknown.starts_with('-') => return Err(format!("unknown option {unknown}")),
                _ => options.filters.push(key),
            }
        }
        Ok(options)
    }
}

fn number<N: FromStr>(key: &str, text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{key} needs a whole number, not «{text}»"))
}

fn known_backend(name: String) -> Result<String, String> {
    let known: Vec<_> = BACKENDS.iter().map(|backend| backend.name).collect();
    if known.contains(&name.as_str()) {
        Ok(name)
    } else {
        Err(format!("no backend «{name}» here; there are: {}", known.join(", ")))
    }
}
