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
    /// The processes, and one more until the owner waits.
    open: AtomicUsize,
    decision: Decision,
    /// Of the process that waits. Known from the start, unless the latch is shared and so outlives `end_one`.
    parker: OnceLock<&'static dyn Park>,
    at: OnceLock<&'static Location<'static>>,
}

impl Latch {
    /// For a wait by the process that makes it.
    pub(crate) fn new(parker: &'static dyn Park) -> Self {
        Self { parker: OnceLock::from(parker), ..Self::shared() }
    }

    /// For a wait by whoever has it then; it has to be in an `Arc`.
    pub(crate) fn shared() -> Self {
        Self { open: AtomicUsize::new(1), decision: Decision::new(), parker: OnceLock::new(), at: OnceLock::new() }
    }

    /// For the report: where the owner waits.
    pub(crate) fn placed(self, at: &'static Location<'static>) -> Self {
        let _ = self.at.set(at);
        self
    }

    pub(crate) fn add(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// One process has ended. A latch that is not shared may be gone when this returns.
    pub(crate) fn end_one(&self) {
        let parker = self.parker.get().copied();
        // SYNC latch: with itself: each end publishes its outcome to the last one, which publishes all to the owner.
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            let sleep = self.decision.complete(0, Outcome::Met);
            if sleep == Sleep::Awake {
                return;
            }
            // Unknown a moment ago: then the latch is shared, and its waiter has said by now who it is.
            if let Some(parker) = parker.or_else(|| self.parker.get().copied()) {
                wake(parker, sleep);
            }
        }
    }

    /// The owner waits until all have ended. Only once.
    pub(crate) fn wait_for_all(&self, context: &Context) {
        let _ = self.parker.set(context.parker());
        self.end_one();
        if self.decision.result().is_none() {
            wait(context, &self.decision, self, None);
        }
    }

    /// As [`wait_for_all`](Self::wait_for_all), saying only now where.
    pub(crate) fn wait_for_all_at(&self, context: &Context, at: &'static Location<'static>) {
        let _ = self.at.set(at);
        self.wait_for_all(context);
    }
}

impl Operation for Latch {
    fn is_pending(&self) -> bool {
        self.decision.is_pending()
    }

    fn describe(&self, report: &mut dyn std::fmt::Write) -> std::fmt::Result {
        match self.at.get() {
            Some(at) => write!(report, "waits for processes to end, at {at}"),
            None => write!(report, "has ended, and waits for the processes it spawned"),
        }
    }

    fn waits_for_processes(&self) -> bool {
        true
    }

    fn at(&self) -> Option<&'static Location<'static>> {
        self.at.get().copied()
    }

    fn end(&self, _cause: &Cause) {
        // It ends when the processes do, whose operations are ended.
    }
}
