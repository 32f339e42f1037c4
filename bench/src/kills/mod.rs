//! The campaign: networks whose processes are killed at random moments, each in a fresh OS process, and audited.

mod attempt;
mod audit;
mod log;
mod networks;
mod plan;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create};

use self::attempt::{Attempt, Verdict};
pub(crate) use self::attempt::{SUBCOMMAND, main};
use self::audit::{Failure, Kind};
pub(crate) use self::plan::Fault;
use self::plan::Network;
use crate::fresh::first_output;
use crate::ours;
use crate::workload::Subject;

/// Beyond what the referee of a try takes at most by its own rules.
const LOST: Duration = Duration::from_secs(30);

/// What the command line asked for.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    /// Processes to be killed; tries, where the backend's processes cannot be.
    pub(crate) count: usize,
    /// The first try's seed; the others' follow.
    pub(crate) seed: u64,
    /// Whether every try has that seed: real time makes each of them another.
    pub(crate) again: bool,
    /// Where given: how long at most.
    pub(crate) time: Option<Duration>,
    pub(crate) backend: Subject,
    pub(crate) fault: Option<Fault>,
}

/// What has come of the tries of one network.
#[derive(Default)]
struct Tally {
    tries: usize,
    killed: usize,
    messages: u64,
    failed: usize,
    slowest: f64,
}

/// Runs the campaign and prints its table. Fails if anything was wrong.
pub(crate) fn run(campaign: &Campaign) -> ExitCode {
    if !ours::is_ready(campaign.backend) {
        return ExitCode::from(2);
    }
    let kills = campaign.backend.is_between();
    let start = Instant::now();
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut failures: Vec<(u64, String, Failure)> = Vec::new();
    let (mut tries, mut killed, mut audited) = (0, 0, true);
    while (if kills { killed } else { tries }) < campaign.count {
        if campaign.time.is_some_and(|time| start.elapsed() > time) {
            break;
        }
        let seed = campaign.seed.wrapping_add(if campaign.again { 0 } else { tries as u64 });
        let verdict = in_fresh_process(campaign, Attempt { seed, kills, fault: campaign.fault });
        tries += 1;
        match verdict {
            Ok(verdict) => {
                let tally = tallies.entry(verdict.network.name()).or_default();
                tally.tries += 1;
                tally.killed += verdict.killed;
                tally.messages += verdict.messages;
                tally.slowest = tally.slowest.max(verdict.back);
                tally.failed += usize::from(!verdict.failures.is_empty());
                killed += verdict.killed;
                audited &= verdict.audited;
                let of = describe(&verdict);
                failures.extend(verdict.failures.into_iter().map(|failure| (seed, of.clone(), failure)));
            }
            Err(failure) => failures.push((seed, "?".into(), failure)),
        }
    }
    let took = start.elapsed().as_secs_f64();
    println!("kills, {}, seed {}: {tries} tries in {took:.0} s", campaign.backend.name(), campaign.seed);
    print_table(&tallies);
    print_failures(campaign, &failures);
    if !audited {
        println!("what the runtime's memory still held could not be told");
    }
    ExitCode::from(u8::from(!failures.is_empty()))
}

fn describe(verdict: &Verdict) -> String {
    let caught = if verdict.caught { ", caught" } else { "" };
    format!("{} of {}{caught}, {} killed", verdict.network.name(), verdict.processes, verdict.killed)
}

fn print_table(tallies: &BTreeMap<&str, Tally>) {
    println!(
        "{:<10}  {:>6}  {:>6}  {:>10}  {:>7}  {:>15}",
        "", "tries", "killed", "messages", "failed", "slowest back, ms"
    );
    let names = Network::ALL.iter().map(|network| network.name());
    let mut all = Tally::default();
    let line = |name: &str, Tally { tries, killed, messages, failed, slowest }: &Tally| {
        println!("{name:<10}  {tries:>6}  {killed:>6}  {messages:>10}  {failed:>7}  {slowest:>15.1}");
    };
    for (name, tally) in names.filter_map(|name| Some((name, tallies.get(name)?))) {
        line(name, tally);
        all.tries += tally.tries;
        all.killed += tally.killed;
        all.messages += tally.messages;
        all.failed += tally.failed;
        all.slowest = all.slowest.max(tally.slowest);
    }
    line("all", &all);
}

fn print_failures(campaign: &Campaign, failures: &[(u64, String, Failure)]) {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (seed, of, Failure { kind, what }) in failures {
        *kinds.entry(kind.name()).or_default() += 1;
        println!("seed {seed} ({of}): {}: {what}", kind.name());
    }
    println!("failures: {}", failures.len());
    for (kind, count) in kinds {
        println!("  {kind}: {count}");
    }
    if let Some((seed, ..)) = failures.first() {
        let backend = campaign.backend.backend().unwrap_or_default();
        println!("the same, 100 times: kills --backend {backend} --again --count 100 --seed {seed}");
    }
}

/// A try that cannot hold up the campaign, whatever happens.
fn in_fresh_process(campaign: &Campaign, attempt: Attempt) -> Result<Verdict, Failure> {
    let lost = |what: String| Failure::new(Kind::Lost, what);
    let said = memfd_create("csp-bench", MemfdFlags::CLOEXEC).map_err(|error| lost(error.to_string()))?;
    let mut said = File::from(said);
    let mut child = start(campaign, attempt, &said).map_err(|error| lost(error.to_string()))?;
    let printed = first_output(&mut child, LOST);
    // It has ended, or has to, and takes along whom it has forked.
    let _ = child.kill();
    let ended = child.wait().map_err(|error| lost(error.to_string()))?;
    let said = read_again(&mut said).unwrap_or_else(|error| error.to_string());
    let printed = printed.ok_or_else(|| lost(format!("no verdict; {said}")))?;
    let verdict: Result<Verdict, _> = serde_json::from_str(&printed);
    let mut verdict = verdict.map_err(|error| lost(format!("{ended}: {error}; {said}")))?;
    for failure in verdict.failures.iter_mut().filter(|_| !said.is_empty()) {
        failure.what = format!("{}; said: {}", failure.what, said.trim());
    }
    Ok(verdict)
}

/// The beginning of what has been written to `file`, for a person to read.
fn read_again(file: &mut File) -> std::io::Result<String> {
    let mut bytes = vec![0; 1000];
    file.seek(SeekFrom::Start(0))?;
    let length = file.read(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

fn start(campaign: &Campaign, attempt: Attempt, said: &File) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg(SUBCOMMAND)
        .arg(serde_json::to_string(&attempt)?)
        .env("RUST_BACKTRACE", "0")
        .envs(campaign.backend.backend().map(|backend| ("CSP_BACKEND", backend)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(said.try_clone()?)
        .spawn()
}
