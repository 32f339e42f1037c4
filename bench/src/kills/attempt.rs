//! One try, in a fresh OS process: the referee, which runs no library code, forks the network's parent, kills, and audits.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use super::audit::{Failure, Kind, audit, must_go_on};
use super::log::{End, Outcome, log};
use super::networks;
use super::plan::{Fault, Network, Plan};
use crate::forked::Forked;
use crate::machine;

/// The hidden first argument that makes this program run a try.
pub(crate) const SUBCOMMAND: &str = "kill-try";

const START: Duration = Duration::from_secs(10);
/// How long survivors may take, and how long orphans may live.
const BACK: Duration = Duration::from_secs(2);
const ORPHANS: Duration = Duration::from_secs(1);
const BETWEEN_LOOKS: Duration = Duration::from_micros(200);

/// What to try.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) seed: u64,
    /// Whether the backend's processes can be killed.
    pub(super) kills: bool,
    pub(super) fault: Option<Fault>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Verdict {
    pub(super) network: Network,
    pub(super) caught: bool,
    pub(super) processes: usize,
    pub(super) killed: usize,
    pub(super) messages: u64,
    /// How long it took the survivors to come back, in ms.
    pub(super) back: f64,
    /// Whether the runtime could tell what is left over; with the parent of all nothing is.
    pub(super) audited: bool,
    pub(super) failures: Vec<Failure>,
}

/// Runs the try that the campaign describes in `description`, and prints its verdict as JSON.
pub(crate) fn main(description: Option<OsString>) -> ExitCode {
    let attempt: Attempt = description
        .and_then(|text| serde_json::from_str(text.to_str()?).ok())
        .expect("`kill-try` is for the campaign: it takes the JSON of a try");
    machine::die_with_parent().expect("the parent-death signal");
    set_child_subreaper(true).expect("orphans come to us");
    let verdict = referee(attempt);
    println!("{}", serde_json::to_string(&verdict).expect("a verdict is JSON"));
    ExitCode::SUCCESS
}

/// A network in progress, and whom the referee has killed.
struct Game {
    plan: Plan,
    root: Forked,
    ended: Option<WaitStatus>,
    root_killed: bool,
    killed: Vec<bool>,
    failures: Vec<Failure>,
}

fn referee(attempt: Attempt) -> Verdict {
    let plan = Plan::new(attempt.seed, attempt.kills, attempt.fault);
    log(); // mapped before anybody is forked
    let root = Forked::start(|| parent_of_all(&plan));
    let killed = vec![false; plan.parts.len()];
    let mut game = Game { plan, root, ended: None, root_killed: false, killed, failures: Vec::new() };
    game.await_start();
    game.strike(attempt.seed);
    game.await_progress();
    log().stop();
    let back = game.await_end();
    game.await_orphans();
    if let (Some(ended), true) = (game.ended, game.failures.is_empty()) {
        game.failures = audit(&game.plan, ended, game.root_killed, &game.killed);
    }
    let counts = (0..game.plan.channels.len()).map(|channel| log().counts(channel).received);
    Verdict {
        network: game.plan.network,
        caught: game.plan.caught,
        processes: game.plan.parts.len(),
        killed: game.killed.iter().filter(|killed| **killed).count() + usize::from(game.root_killed),
        messages: counts.sum(),
        back: back.as_secs_f64() * 1e3,
        audited: log().leaked().is_some() || game.root_killed,
        failures: game.failures,
    }
}

impl Game {
    fn await_start(&mut self) {
        let deadline = Instant::now() + START;
        let has_started = |process: usize| log().pid(process).is_some();
        loop {
            let mut processes = 0..self.plan.parts.len();
            let runs =
                if self.plan.begins_when_all_run { processes.all(has_started) } else { processes.any(has_started) };
            if runs || self.has_ended() || self.plan.fault.is_some() {
                return;
            }
            if Instant::now() > deadline {
                self.failures.push(Failure::new(Kind::Start, "not everybody runs"));
                return;
            }
            sleep(BETWEEN_LOOKS);
        }
    }

    /// Kills as planned. Who has ended by then is spared.
    fn strike(&mut self, seed: u64) {
        let mut rng = Plan::victims(seed);
        for (number, &delay) in self.plan.kills.clone().iter().enumerate() {
            wait_awake(delay);
            if self.plan.kills_root && number == 0 {
                self.root_killed = !self.has_ended();
                if self.root_killed {
                    kill(self.root.pid(), Signal::SIGKILL).expect("it is not reaped");
                }
                return;
            }
            let alive: Vec<usize> = (0..self.killed.len()).filter(|process| self.is_alive(*process)).collect();
            if let Some(victim) = rng.choice(alive) {
                self.killed[victim] = self.kill(victim);
            }
        }
    }

    fn is_alive(&self, process: usize) -> bool {
        !self.killed[process] && log().end(process) == End::Running && log().pid(process).is_some()
    }

    /// Kills the process, if it has not ended. By a handle: its number may be somebody else's one day.
    fn kill(&self, process: usize) -> bool {
        let pid = log().pid(process).and_then(|pid| rustix::process::Pid::from_raw(pid as i32));
        let Some(handle) = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else { return false };
        // Not yet at its end, so the handle is its own.
        self.is_alive(process) && pidfd_send_signal(handle, rustix::process::Signal::KILL).is_ok()
    }

    /// Waits until a farm that has workers left has done some more work.
    fn await_progress(&mut self) {
        if self.root_killed || !self.killed.contains(&true) || !must_go_on(&self.plan, &self.killed) {
            return;
        }
        let received = || log().counts(1).received;
        let (before, deadline) = (received(), Instant::now() + BACK);
        // What was on its way is not enough: each of the workers had one at most.
        while received() <= before + self.plan.parts.len() as u64 && !log().is_over() {
            if self.has_ended() || Instant::now() > deadline {
                let what = format!("{} bands since the last kill {:?}", received() - before, self.killed);
                self.failures.push(Failure::new(Kind::Stalled, what));
                return;
            }
            sleep(BETWEEN_LOOKS);
        }
    }

    /// Waits for the parent of all, and tells how long that took. A hang is ended by force.
    fn await_end(&mut self) -> Duration {
        let start = Instant::now();
        while !self.has_ended() {
            if start.elapsed() > BACK {
                let processes = (0..self.killed.len()).filter(|process| !self.killed[*process]);
                let left: Vec<String> = processes
                    .filter(|process| matches!(log().end(*process), End::Running | End::Unknown))
                    .map(|process| {
                        let does = log().pid(process).map_or("not begun".into(), machine::doing);
                        format!("{process} ({:?}, {does})", self.plan.parts[process])
                    })
                    .collect();
                let root = machine::doing(self.root.pid().as_raw().unsigned_abs());
                let what = format!("not back: root ({root}), {}; killed: {:?}", left.join(", "), self.killed);
                self.failures.push(Failure::new(Kind::Hang, what));
                kill(self.root.pid(), Signal::SIGKILL).expect("it is not reaped");
                self.ended = Some(self.root.reap());
            }
            sleep(BETWEEN_LOOKS);
        }
        start.elapsed()
    }

    fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.root.try_reap();
        }
        self.ended.is_some()
    }

    /// Whoever the parent of all has left behind comes to us.
    fn await_orphans(&mut self) {
        let deadline = Instant::now() + ORPHANS;
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(Errno::ECHILD) => return,
                Ok(WaitStatus::StillAlive) if Instant::now() > deadline => break,
                Ok(WaitStatus::StillAlive) => sleep(BETWEEN_LOOKS),
                Ok(_) => {}
                Err(error) => panic!("waiting for orphans: {error}"),
            }
        }
        self.failures
            .push(Failure::new(Kind::Orphan, format!("processes {:?}", machine::children_of(std::process::id()))));
        // They are ours and not reaped. What they leave behind comes to us next.
        while let Some(orphan) = machine::children_of(std::process::id()).first() {
            let orphan = Pid::from_raw(*orphan as i32);
            kill(orphan, Signal::SIGKILL).expect("it is not reaped");
            waitpid(orphan, None).expect("a child can be waited for");
        }
    }
}

/// The delays are shorter than what a sleeper's lateness would be.
fn wait_awake(delay: Duration) {
    let until = Instant::now() + delay;
    if let Some(most) = delay.checked_sub(Duration::from_millis(1)) {
        sleep(most);
    }
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

/// The process whose `par!` runs the network.
fn parent_of_all(plan: &Plan) {
    set_hook(Box::new(|panic| log().write_text(&panic.to_string())));
    // Of a backend without memory of its own there is nothing to tell.
    let before = (!plan.kills.is_empty()).then(csp::__private::audit);
    let ran = catch_unwind(AssertUnwindSafe(|| networks::run(plan)));
    log().set_outcome(match ran {
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref().copied());
            log().write_text(text.unwrap_or("a panic without a text"));
            Outcome::Panicked
        }
        Ok(results) => {
            let results = results.iter().enumerate();
            results.for_each(|(process, result)| log().report(process, result.is_ok()));
            Outcome::Returned
        }
    });
    if let Some(before) = before {
        if plan.fault == Some(Fault::Leak) {
            std::mem::forget(csp::channel::<u64>());
        }
        log().set_leaked(&csp::__private::audit().beyond(&before).unwrap_or_default());
    }
    if plan.fault == Some(Fault::Orphan) {
        std::mem::forget(Forked::bare(|| {
            loop {
                nix::unistd::pause();
            }
        }));
    }
}
