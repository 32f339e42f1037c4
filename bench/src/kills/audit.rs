//! What must hold after a try, whoever was killed when.

use nix::sys::wait::WaitStatus;
use serde::{Deserialize, Serialize};

use super::log::{End, Outcome, log};
use super::plan::{Network, Part, Plan};
use crate::workload::named;

named! {
    /// What can be wrong.
    Kind {
        /// The network did not start.
        Start = "start",
        /// Somebody was not back in time.
        Hang = "hang",
        /// Nothing went on although enough were alive.
        Stalled = "stalled",
        /// Somebody outlived the parent of all.
        Orphan = "orphan",
        /// A process ended without a result or a typed error, though nobody killed it.
        Vanished = "vanished",
        /// The parent of all ended otherwise than by the end of its `par!`.
        Crashed = "crashed",
        /// `par!` said something else than what happened.
        Misreported = "misreported",
        /// More was lost on a channel, or added, than its dead users explain.
        Imbalance = "imbalance",
        /// A message arrived more than once.
        Twice = "twice",
        /// A message arrived that was not sent.
        Strange = "strange",
        /// Blocks, locks or processes were left over.
        Leak = "leak",
        /// The try itself did not come to an end.
        Lost = "lost",
    }
}

/// Something that is wrong, and what exactly.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    pub(super) what: String,
}

impl Failure {
    pub(super) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into() }
    }
}

/// Looks at the log once everybody is gone. `ended` is the parent of all; `killed` says for each process whether it was.
pub(super) fn audit(plan: &Plan, ended: WaitStatus, root_killed: bool, killed: &[bool]) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut fail = |kind, what: String| failures.push(Failure::new(kind, what));
    for channel in 0..plan.channels.len() {
        let counts = log().counts(channel);
        let dead = plan.users(channel).filter(|&user| killed[user] || root_killed).count() as u64;
        if counts.sent.abs_diff(counts.received) > dead {
            let what = format!("channel {channel}: {counts:?} with {dead} users killed");
            fail(Kind::Imbalance, what);
        }
        if counts.twice > 0 {
            fail(Kind::Twice, format!("channel {channel}: {counts:?}"));
        }
        if counts.strange > 0 {
            fail(Kind::Strange, format!("channel {channel}: {counts:?}; {}", log().text()));
        }
    }
    if root_killed {
        return failures; // it took everybody along: nobody was to end otherwise
    }
    if !matches!(ended, WaitStatus::Exited(_, 0)) {
        fail(Kind::Crashed, format!("{ended:?} {}", log().text()));
        return failures;
    }
    for (process, part) in plan.parts.iter().enumerate().filter(|(process, _)| !killed[*process]) {
        let end = log().end(process);
        // Who had not started when another was killed may have been dropped before.
        let never_started = log().pid(process).is_none() && killed.contains(&true);
        if matches!(end, End::Unknown | End::Running) && !never_started {
            fail(Kind::Vanished, format!("process {process} ({part:?}): {end:?}; {}", log().text()));
        }
    }
    let struck = (0..killed.len()).any(|process| killed[process] && log().end(process) == End::Running);
    match log().outcome() {
        Outcome::Returned if !struck || plan.caught => {}
        Outcome::Panicked if !plan.caught && killed.contains(&true) => {}
        other => fail(Kind::Misreported, format!("{other:?}, killed: {killed:?}; {}", log().text())),
    }
    for process in (0..killed.len()).filter(|_| plan.caught) {
        let wrong = match log().reported(process) {
            Some(true) => log().end(process) == End::Running,
            Some(false) => !killed[process],
            None => log().outcome() == Outcome::Returned,
        };
        if wrong {
            let (reported, end) = (log().reported(process), log().end(process));
            let what = format!("process {process}: a result {reported:?}, {end:?}, killed {}", killed[process]);
            fail(Kind::Misreported, what);
        }
    }
    if let Some(leaked) = log().leaked().filter(|leaked| !leaked.is_empty()) {
        fail(Kind::Leak, leaked);
    }
    failures
}

/// Whether work must go on although these were killed: in a farm, where it is the workers' alone, and some are left.
pub(super) fn must_go_on(plan: &Plan, killed: &[bool]) -> bool {
    plan.network == Network::Farm
        && plan.caught
        && plan.parts.iter().zip(killed).all(|(part, killed)| *part != Part::Farmer || !killed)
        && killed[1..].contains(&false)
}
