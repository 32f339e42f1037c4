//! The child: one scenario on one backend, so many times over, on the main thread.

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use csp::prelude::*;

use super::args::Options;
use super::{BACKENDS, Runs, reports};
use crate::scenarios::{self, support::panic_text};

/// Whether the run is the first of this program.
static FIRST: AtomicBool = AtomicBool::new(true);

static BACKEND: OnceLock<&'static super::UnderTest> = OnceLock::new();

/// The backend under test, by name.
pub(crate) fn backend_name() -> &'static str {
    BACKEND.get().expect("scenarios run in a child").name
}

/// A size that shrinks where schedules are explored seed by seed.
pub(crate) fn scale(repeated: usize, seeded: usize) -> usize {
    match BACKEND.get().expect("scenarios run in a child").runs {
        Runs::Repeated(_) => repeated,
        Runs::Seeds(_) => seeded,
    }
}

/// Whether this is the program's first run: where a scenario that takes its time does so, once for each backend.
pub(crate) fn first_run() -> bool {
    FIRST.load(Ordering::Relaxed)
}

/// Runs what `--run` names; fails at the first run that fails.
pub(super) fn run(options: &Options) -> ExitCode {
    let name = options.run.as_deref().expect("the caller saw --run");
    let Some(scenario) = scenarios::all().find(|scenario| scenario.name == name) else {
        eprintln!("no scenario «{name}»; --list names them");
        return ExitCode::from(2);
    };
    let wanted = options.backend.as_deref().unwrap_or(BACKENDS[0].name);
    let backend = BACKENDS.iter().find(|backend| backend.name == wanted).expect("checked with the command line");
    let seed = options.seed.unwrap_or(0);
    let environment = [("CSP_BACKEND", wanted.to_owned()), ("CSP_SEED", seed.to_string())];
    if !options.as_is && environment.iter().any(|(key, value)| std::env::var(key).as_ref() != Ok(value)) {
        return again_with(environment);
    }
    assert!(BACKEND.set(backend).is_ok(), "set once");

    let folder = options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let progress_path = folder.join("progress");
    reports::open(&folder.join(format!("csp-conformance-{}.reports", std::process::id())));
    let mut progress = options
        .folder
        .as_ref()
        .map(|_| OpenOptions::new().create(true).append(true).open(&progress_path).expect("the folder is writable"));

    let mut outcome = ExitCode::SUCCESS;
    for run in 0..options.times.unwrap_or(1) {
        FIRST.store(run == 0, Ordering::Relaxed);
        let which = match backend.runs {
            Runs::Repeated(_) => format!("run {}", run + 1),
            Runs::Seeds(_) => format!("seed {}", seed + run),
        };
        if let Some(progress) = &mut progress {
            writeln!(progress, "{which}").expect("progress can be written");
        }
        if run > 0 || !scenario.cold {
            warm_up();
            if matches!(backend.runs, Runs::Seeds(_)) {
                csp::__private::reseed(seed + run);
            }
        }
        let result = catch_unwind(AssertUnwindSafe(scenario.run)).map_err(|panic| panic_text(&*panic));
        let placed = reports::check(scenario.main_only);
        if let Err(reason) = result.and(placed) {
            eprintln!("\nscenario {name} failed on {wanted}, {which}: {reason}");
            outcome = ExitCode::from(101);
            break;
        }
    }
    outcome
}

/// Makes every run begin alike, the first too, so that a seed that failed as the hundredth replays alone: the main thread
/// has run a `par!`, and its latest operation was a success (poison that it met last time would poison what it drops).
fn warm_up() {
    par! { {}, {} };
    let (out, _input) = channel::buffered(1);
    out.send(()).expect("there is room for one");
}

/// Starts this program again with the environment that the run needs: a program may not safely change its own.
fn again_with(environment: [(&str, String); 2]) -> ExitCode {
    let program = std::env::current_exe().expect("this program has a path");
    let status = Command::new(program)
        .args(std::env::args().skip(1))
        .envs(environment)
        .status()
        .expect("this program can be started");
    ExitCode::from(status.code().map_or(101, |code| u8::try_from(code).unwrap_or(101)))
}
