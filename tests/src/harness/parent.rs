//! The parent: one child for each scenario and backend, two at a time; hangs become failures that name run or seed.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::args::Options;
use super::{BACKENDS, Runs, Scenario, UnderTest};
use crate::scenarios;

/// How much of a failed child's output is shown.
const SHOWN: usize = 6_000;

struct Job {
    scenario: &'static Scenario,
    backend: &'static UnderTest,
}

impl Job {
    fn name(&self) -> String {
        format!("{}::{}", self.backend.name, self.scenario.name)
    }

    fn wanted(&self, options: &Options) -> bool {
        let name = self.name();
        let fits = |filter: &String| match options.exact {
            true => *filter == name || filter == self.scenario.name,
            false => name.contains(filter.as_str()),
        };
        options.backend.as_deref().is_none_or(|backend| backend == self.backend.name)
            && (options.filters.is_empty() || options.filters.iter().any(fits))
            && !options.skips.iter().any(|skip| name.contains(skip.as_str()))
            && !options.ignored
    }

    /// Runs of this job: as asked, or the backend's default.
    fn runs(&self, options: &Options) -> u64 {
        match self.backend.runs {
            Runs::Repeated(count) => options.times.unwrap_or(count),
            Runs::Seeds(_) if options.seed.is_some() => options.seeds.unwrap_or(1),
            Runs::Seeds(count) => options.seeds.unwrap_or(count),
        }
    }
}

/// Runs every test that the options select, and prints what came of it.
pub(super) fn run(options: &Options) -> ExitCode {
    scenarios::assert_unique_names();
    let all: Vec<Job> =
        BACKENDS.iter().flat_map(|backend| scenarios::all().map(move |scenario| Job { scenario, backend })).collect();
    let total = all.len();
    let jobs: Vec<Job> = all.into_iter().filter(|job| job.wanted(options)).collect();
    if options.list {
        jobs.iter().for_each(|job| println!("{}: test", job.name()));
        println!("\n{} tests, 0 benchmarks", jobs.len());
        return ExitCode::SUCCESS;
    }

    let folder = std::env::temp_dir().join(format!("csp-conformance-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder for temporary files is writable");
    println!("\nrunning {} tests", jobs.len());
    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let times = Mutex::new(Vec::new());
    thread::scope(|s| {
        for _ in 0..options.children.unwrap_or(2).min(jobs.len()) {
            s.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else { break };
                    let begun = Instant::now();
                    let outcome = supervise(job, options, &folder.join(number.to_string()));
                    println!("test {} ... {}", job.name(), if outcome.is_ok() { "ok" } else { "FAILED" });
                    times.lock().expect("no worker panics").push((begun.elapsed(), job.name()));
                    if let Err(story) = outcome {
                        failures.lock().expect("no worker panics").push((job.name(), story));
                    }
                }
            });
        }
    });
    let _ = fs::remove_dir_all(&folder);

    let mut failures = failures.into_inner().expect("no worker panics");
    failures.sort();
    if std::env::var_os("CSP_TEST_TIMES").is_some() {
        let mut times = times.into_inner().expect("no worker panics");
        times.sort();
        times.iter().rev().take(25).for_each(|(time, name)| println!("{:8.2}s {name}", time.as_secs_f64()));
    }
    if !failures.is_empty() {
        println!("\nfailures:");
        failures.iter().for_each(|(name, story)| println!("\n---- {name} ----\n{story}"));
        println!("\nfailures:");
        failures.iter().for_each(|(name, _)| println!("    {name}"));
    }
    let (failed, passed) = (failures.len(), jobs.len() - failures.len());
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    let (seconds, filtered) = (started.elapsed().as_secs_f64(), total - jobs.len());
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {filtered} filtered out; finished in {seconds:.2}s"
    );
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// Runs one job in a child, and tells its story if it fails.
fn supervise(job: &Job, options: &Options, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let output = folder.join("output");
    let first = options.seed.unwrap_or(0);
    let started = File::create(&output).and_then(|file| {
        Command::new(std::env::current_exe()?)
            .args(["--run", job.scenario.name, "--backend", job.backend.name])
            .args(["--times", &job.runs(options).to_string(), "--seed", &first.to_string()])
            .arg("--folder")
            .arg(folder)
            .env("CSP_BACKEND", job.backend.name)
            .env("CSP_SEED", first.to_string())
            .env("RUST_BACKTRACE", "0") // scenarios that panic on purpose would spend their time on it
            .stdin(Stdio::null())
            .stderr(file.try_clone()?)
            .stdout(file)
            .process_group(0) // whatever it starts is killed with it
            .spawn()
    });
    let mut child = started.map_err(|error| format!("the child could not be started: {error}"))?;
    let progress = folder.join("progress");
    let verdict = wait(&mut child, &progress, options.time_out.unwrap_or(Duration::from_secs(60)));
    let which = last_line(&progress);
    let verdict = verdict.map_err(|reason| {
        let replay = match job.backend.runs {
            Runs::Repeated(_) => String::new(),
            Runs::Seeds(_) => format!(" --seed {}", which.trim_start_matches("seed ")),
        };
        format!(
            "{}{reason} (scenario {}, backend {}, {which})\nagain: cargo test -p csp-tests --test conformance -- --exact {}{replay}",
            tail(&output),
            job.scenario.name,
            job.backend.name,
            job.name()
        )
    });
    let _ = fs::remove_dir_all(folder);
    verdict
}

/// Waits for the child; kills it when one run of the scenario takes longer than `time_out`.
fn wait(child: &mut Child, progress: &PathBuf, time_out: Duration) -> Result<(), String> {
    let (mut seen, mut since, mut pause) = (0, Instant::now(), Duration::from_millis(1));
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("the child ended with {status}")),
            Ok(None) => {}
            Err(error) => return Err(format!("the child cannot be waited for: {error}")),
        }
        let length = fs::metadata(progress).map_or(0, |facts| facts.len());
        if length != seen {
            (seen, since) = (length, Instant::now());
        } else if since.elapsed() > time_out {
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL);
            let _ = child.wait();
            return Err(format!("HANG: one run took more than {} s, so the child was killed", time_out.as_secs()));
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn last_line(path: &Path) -> String {
    fs::read_to_string(path)
        .ok()
        .and_then(|text| text.lines().last().map(str::to_owned))
        .unwrap_or_else(|| "before its first run".into())
}

fn tail(path: &Path) -> String {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let start = (text.len().saturating_sub(SHOWN)..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let cut = if start > 0 { "[…]\n" } else { "" };
    format!("{cut}{}\n", text[start..].trim_end())
}
