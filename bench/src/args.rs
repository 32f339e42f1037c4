//! The command line: what the user asked for, or one line that says what is wrong.

use std::time::Duration;

use lexopt::prelude::*;

use crate::kills::{Campaign, Fault};
use crate::workload::{Pinning, Subject, Workload};

pub(crate) const HELP: &str = "\
Measures csp's communication beside that of other crates.

Usage: csp-bench WORKLOAD [OPTIONS]
       csp-bench report | check | instructions       (--help says more)

Workloads (bench/README.md says what each measures):
  pingpong    two processes, there and back          ns per round trip
  stream      one to one                             ns per message
  ring        one token round N processes            ns per communication
  commstime   prefix, delta, successor, consumer     ns per loop
  choice      8 inputs; 4 inputs and 4 outputs       ns per message
  mandelbrot  a farm on 1 and 2 workers              ms per picture, wall and CPU
  spawn       par! of two that exchange a message    ns per par!
  switch      a process that yields, alone           ns per suspension and resumption
  between     there and back between two workers     ns per round trip
  workers     ring and commstime, one worker and all ns per communication, per loop
  start       processes that yield once, start to end ns per process
  memory      processes that wait to receive         resident bytes per process
  tokens      1 to N - 1 tokens round N processes    ns per communication
  primes      a sieve, one process a prime           ms
  idle        blocked processes                      ms of CPU time per second
  timers      the latest timeout beside talk         µs later than a sleeping thread
  sizes       messages of 8 B to 16 MiB, 1:1         µs per message or round trip
  death       from SIGKILL to the partner's error    µs
  deadlock    from the start of those that wait in vain to the panic µs
  limit       a ring of 15,000 processes, all in all ms
  macro-cost  cargo build after touching a program   ms per build
  pi          Monte Carlo π by 1 to 10 workers       ms
  commstime-par  commstime with a parallel delta     ns per loop
  occam-ring  1 to 255 tokens round 256 processes    ns per communication
  stressed-alt  10 to 100 channels, many writers     ns per message
  choice-time 1, 2, 4 and 8 inputs                   ns per message
  micro       one construct at a time                ns per operation
  all         each of them

Campaign:
  kills       networks whose processes are killed at random moments, and what must hold afterwards

Options:
  --rivals          measure the other crates too, and print the ratio to the fastest
  --subject NAME    measure only this one; may be repeated (csp:threads, crossbeam, go:1, …)
  --backend B       our backend [default: threads]
  --n N             processes (ring [8, 64 and 512], tokens [8, 16, 32 and 64], start [1 and 100000],
                    memory [100000], limit [15000], death and deadlock [2 and 64], occam-ring [256]), channels
                    (stressed-alt, choice-time [1, 2, 4 and 8]) or primes (primes [4000])
  --size N          height and width of the picture (mandelbrot [700]), or bytes (sizes [8 B to 16 MiB])
  --pinning P       only `unpinned` or only `pinned` (all threads on one core) [default: both]
  --runs R          fresh OS processes per cell; the median counts [default: 5]
  --quiet S         repeat runs that other programs disturb, for at most S seconds a workload [default: 0]
  --timeout S       seconds after which a cell is given up [default: 60]
  --count N         kills: how many [default: 100]
  --seed S          kills: where chance begins; each try has a seed of its own [default: 1]
  --again           kills: every try with the same seed
  --seconds T       kills: how long at most
  --json            one JSON object a line instead of a table
  -h, --help        this text
";

/// What to do.
pub(crate) enum Request {
    Help,
    Measure(Measurement),
    Kill(Campaign),
}

/// What to measure and how to show it.
pub(crate) struct Measurement {
    pub(crate) workloads: Vec<Workload>,
    pub(crate) ours: Subject,
    pub(crate) rivals: bool,
    /// Where not empty: nobody else.
    pub(crate) only: Vec<Subject>,
    pub(crate) pinnings: Vec<Pinning>,
    pub(crate) n: Option<usize>,
    pub(crate) size: Option<usize>,
    pub(crate) runs: usize,
    pub(crate) timeout: Duration,
    pub(crate) quiet: Duration,
    pub(crate) json: bool,
}

/// Reads the command line.
///
/// # Errors
/// A wrong, missing or unknown argument.
pub(crate) fn parse(mut parser: lexopt::Parser) -> Result<Request, lexopt::Error> {
    let mut workloads = Vec::new();
    let mut asked = Measurement {
        workloads: Vec::new(),
        ours: Subject::CspThreads,
        rivals: false,
        only: Vec::new(),
        pinnings: Pinning::ALL.to_vec(),
        n: None,
        size: None,
        runs: 5,
        timeout: Duration::from_secs(60),
        quiet: Duration::ZERO,
        json: false,
    };
    let mut campaign =
        Campaign { count: 100, seed: 1, again: false, time: None, backend: Subject::CspProcesses, fault: None };
    let mut of_campaign = None;
    let mut backend_chosen = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long(option @ ("count" | "seed" | "again" | "seconds" | "fault")) => {
                of_campaign = Some(format!("--{option}"));
                match option {
                    "count" => campaign.count = at_least(1, "--count", &mut parser)?,
                    "seed" => campaign.seed = at_least(0, "--seed", &mut parser)? as u64,
                    "again" => campaign.again = true,
                    "seconds" => campaign.time = Some(seconds(1, "--seconds", &mut parser)?),
                    _ => campaign.fault = Some(fault(&parser.value()?.string()?)?),
                }
            }
            Short('h') | Long("help") => return Ok(Request::Help),
            Long("rivals") => asked.rivals = true,
            Long("json") => asked.json = true,
            Long("backend") => backend_chosen = Some(backend(&parser.value()?.string()?)?),
            Long("subject") => {
                let name = parser.value()?.string()?;
                asked.only.push(
                    Subject::from_name(&name)
                        .ok_or_else(|| format!("unknown subject `{name}`; there are {}", Subject::names()))?,
                );
            }
            Long("pinning") => {
                let name = parser.value()?.string()?;
                let pinning = Pinning::from_name(&name)
                    .ok_or_else(|| format!("unknown pinning `{name}`; there are {}", Pinning::names()))?;
                asked.pinnings = vec![pinning];
            }
            Long("n") => asked.n = Some(at_least(1, "--n", &mut parser)?),
            Long("size") => asked.size = Some(at_least(1, "--size", &mut parser)?),
            Long("runs") => asked.runs = at_least(1, "--runs", &mut parser)?,
            Long("timeout") => asked.timeout = seconds(1, "--timeout", &mut parser)?,
            Long("quiet") => asked.quiet = seconds(0, "--quiet", &mut parser)?,
            Value(name) => workloads.push(name.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    if workloads == ["kills"] {
        campaign.backend = backend_chosen.unwrap_or(campaign.backend);
        return Ok(Request::Kill(campaign));
    }
    if let Some(option) = of_campaign {
        return Err(format!("{option} is for kills").into());
    }
    asked.ours = backend_chosen.unwrap_or(asked.ours);
    asked.workloads = match &workloads[..] {
        [] => return Err(format!("say what to measure: {}, all, kills", Workload::names()).into()),
        [all] if all == "all" => Workload::ALL.to_vec(),
        [name] => vec![
            Workload::from_name(name)
                .ok_or_else(|| format!("unknown workload `{name}`; there are {}, all, kills", Workload::names()))?,
        ],
        [_, extra, ..] => return Err(format!("one workload at a time: what is `{extra}`?").into()),
    };
    if asked.n == Some(1) && asked.workloads.iter().any(|workload| workload.is_round()) {
        return Err("--n takes a whole number from 2 on where a token goes round".into());
    }
    if let [workload] = asked.workloads[..] {
        if asked.n.is_some() && !workload.takes_n() {
            return Err(format!("--n means nothing to {}", workload.name()).into());
        }
        if asked.size.is_some() && !workload.takes_size() {
            return Err(format!("--size means nothing to {}", workload.name()).into());
        }
    }
    Ok(Request::Measure(asked))
}

fn backend(name: &str) -> Result<Subject, lexopt::Error> {
    Subject::from_name(&format!("csp:{name}")).ok_or_else(|| {
        let known: Vec<&str> = Subject::ALL.iter().filter_map(|subject| subject.backend()).collect();
        format!("no backend `{name}`; there is {}", known.join(", ")).into()
    })
}

fn fault(name: &str) -> Result<Fault, lexopt::Error> {
    Fault::from_name(name).ok_or_else(|| format!("unknown fault `{name}`; there are {}", Fault::names()).into())
}

fn seconds(least: usize, option: &str, parser: &mut lexopt::Parser) -> Result<Duration, lexopt::Error> {
    Ok(Duration::from_secs(at_least(least, option, parser)? as u64))
}

fn at_least(least: usize, option: &str, parser: &mut lexopt::Parser) -> Result<usize, lexopt::Error> {
    let value = parser.value()?.string()?;
    match value.parse::<usize>() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(format!("{option} takes a whole number from {least} on, not `{value}`").into()),
    }
}
