//! Waiting for processes to end: a count, and the same decision word that an offer has.

use std::panic::Location;
use std::sync::OnceLock;

use crate::backend::Park;
use crate::deadlock::{Operation, wake};
use crate::error::Cause;
use crate::process::context::Context;
use crate::rendezvous::decision::{Decision, Outcome, Sleep};
use crate::rendezvous::wait::wait;
use crate::sync::{AtomicUsize, Ordering};

/// Counts processes that have started and not ended. One process waits for it.
pub(crate) struct Latch {
    /// The processes, and one more until the owner waits, unless it was said how many they are.
    open: AtomicUsize,
    /// How many, if that was said.
    expected: Option<usize>,
    decision: Decision,
    /// Of the process that waits, and where it does: what is known from the start.
    parker: Option<&'static dyn Park>,
    at: Option<&'static Location<'static>>,
    /// What is known when it waits, unless it was before. Then the latch is shared, and so outlives `end_one`.
    parker_then: OnceLock<&'static dyn Park>,
    at_then: OnceLock<&'static Location<'static>>,
}

impl Latch {
    /// For a wait by the process that makes it. `asleep`: it never waits awake.
    pub(crate) fn new(parker: &'static dyn Park, asleep: bool) -> Self {
        let decision = if asleep { Decision::of_a_sleeper() } else { Decision::new() };
        Self { parker: Some(parker), decision, ..Self::shared() }
    }

    /// For a wait by whoever has it then; it has to be in an `Arc`.
    pub(crate) fn shared() -> Self {
        Self {
            open: AtomicUsize::new(1),
            expected: None,
            decision: Decision::new(),
            parker: None,
            at: None,
            parker_then: OnceLock::new(),
            at_then: OnceLock::new(),
        }
    }

    /// For the report: where the owner waits.
    pub(crate) fn placed(self, at: &'static Location<'static>) -> Self {
        Self { at: Some(at), ..self }
    }

    /// For just so many processes, each of which tells that it has ended, or for which somebody else does: they need not be added.
    pub(crate) fn of(self, count: usize) -> Self {
        Self { open: AtomicUsize::new(count), expected: Some(count), ..self }
    }

    pub(crate) fn add(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// One process has ended. A latch that is not shared may be gone when this returns.
    pub(crate) fn end_one(&self) {
        let parker = self.parker;
        if self.is_last() {
            let sleep = self.decision.complete(0, Outcome::Met);
            if sleep == Sleep::Awake {
                return;
            }
            // Unknown a moment ago: then the latch is shared, and its waiter has said by now who it is.
            if let Some(parker) = parker.or_else(|| self.parker_then.get().copied()) {
                wake(parker, sleep);
            }
        }
    }

    fn is_last(&self) -> bool {
        // Whoever finds nobody but itself is the last one: only they count down, and only who is there adds others.
        // SYNC latch: with itself: each end publishes its outcome to the last one, which publishes all to the owner.
        self.open.load(Ordering::Acquire) == 1 || self.open.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// The owner waits until all have ended. Only once.
    pub(crate) fn wait_for_all(&self, context: &Context) {
        if self.parker.is_none() {
            let _ = self.parker_then.set(context.parker());
        }
        let over = self.expected.map_or_else(|| self.is_last(), |count| count == 0);
        if !over {
            #[cfg(feature = "backend-processes")]
            let _rest = crate::backend::processes::rest();
            #[cfg(feature = "backend-coroutines")]
            let _relief = crate::backend::relieve(context);
            wait(context, &self.decision, self, None);
        }
    }

    /// As [`wait_for_all`](Self::wait_for_all), saying only now where.
    pub(crate) fn wait_for_all_at(&self, context: &Context, at: &'static Location<'static>) {
        let _ = self.at_then.set(at);
        self.wait_for_all(context);
    }
}

impl Operation for Latch {
    fn is_pending(&self) -> bool {
        self.decision.is_pending()
    }

    fn describe(&self, report: &mut dyn std::fmt::Write) -> std::fmt::Result {
        match self.at.or_else(|| self.at_then.get().copied()) {
            Some(at) => write!(report, "waits for processes to end, at {at}"),
            None => write!(report, "has ended, and waits for the processes it spawned"),
        }
    }

    fn waits_for_processes(&self) -> bool {
        true
    }

    fn at(&self) -> Option<&'static Location<'static>> {
        self.at.or_else(|| self.at_then.get().copied())
    }

    fn end(&self, _cause: &Cause) {
        // It ends when the processes do, whose operations are ended.
    }
}
