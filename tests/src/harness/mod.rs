//! The harness: backends under test, what a scenario is, and the program that runs them all.

mod args;
mod child;
mod parent;
mod reports;

use std::process::ExitCode;

pub(crate) use child::{backend_name, first_run, scale};
pub(crate) use reports::{here, here_in_main, here_on, here_with};

/// How the runs of a scenario differ on a backend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    /// The same again, this many times by default: the operating system decides what happens.
    Repeated(u64),
    /// One run for each seed, this many seeds by default: the seed decides what happens.
    Seeds(u64),
}

/// A backend that the suite is run on.
pub(crate) struct UnderTest {
    /// Its name, as `CSP_BACKEND` takes it and as `Backend` displays it.
    pub(crate) name: &'static str,
    /// How often, and with what, a scenario is run.
    pub(crate) runs: Runs,
}

/// The backends under test: one line adds one.
pub(crate) const BACKENDS: &[UnderTest] = &[
    UnderTest { name: "threads", runs: Runs::Repeated(20) },
    UnderTest { name: "coroutines", runs: Runs::Repeated(20) },
    UnderTest { name: "processes", runs: Runs::Repeated(20) },
    UnderTest { name: "seeded", runs: Runs::Seeds(200) },
];

/// One scenario: a function whose assertions say what must happen, and how it wants to be run.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
    /// True when only the main function communicates, so that no process can report where it ran.
    pub(crate) main_only: bool,
    /// True when the first run wants a program in which nothing has been used yet.
    pub(crate) cold: bool,
}

impl Scenario {
    pub(crate) const fn new(name: &'static str, run: fn()) -> Self {
        Scenario { name, run, main_only: false, cold: false }
    }

    /// No process takes part: nothing will report where it ran.
    pub(crate) const fn main_only(mut self) -> Self {
        self.main_only = true;
        self
    }

    /// The first run finds a program in which nothing has been used yet.
    pub(crate) const fn cold(mut self) -> Self {
        self.cold = true;
        self
    }
}

/// Lists the scenarios of a topic: `scenarios![name, name(main_only)]`.
macro_rules! scenarios {
    ($($name:ident $(($($option:ident),+))?),+ $(,)?) => {
        pub(super) const SCENARIOS: &[crate::harness::Scenario] = &[
            $(crate::harness::Scenario::new(stringify!($name), $name)$($(.$option())+)?),+
        ];
    };
}
pub(crate) use scenarios;

/// Runs the suite as the command line asks; the exit code says whether everything passed.
pub fn main() -> ExitCode {
    match args::Options::parse(std::env::args().skip(1)) {
        Ok(options) if options.help => {
            println!("{}", args::HELP);
            ExitCode::SUCCESS
        }
        Ok(options) if options.run.is_some() => child::run(&options),
        Ok(options) => parent::run(&options),
        Err(mistake) => {
            eprintln!("{mistake}\n\n{}", args::HELP);
            ExitCode::from(2)
        }
    }
}
