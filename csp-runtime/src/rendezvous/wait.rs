//! Waiting for a decision: spin while that pays, then park. The same for an operation, a choice and a `par!`.

use std::time::Instant;

use super::decision::Decision;
use crate::backend::Park;
use crate::deadlock;
use crate::deadlock::Operation;
use crate::process::context::Context;

/// Waits until there is news of `decision` (true), or `until` has passed (false, never early).
///
/// Inlined, like what it calls for a coroutine: each return to a frame from before the switch is one that the processor predicts wrongly.
#[inline(always)]
pub(crate) fn wait(context: &Context, decision: &Decision, operation: &dyn Operation, until: Option<Instant>) -> bool {
    #[cfg(feature = "backend-coroutines")]
    if context.is_hosted() && until.is_none() && !cfg!(loom) {
        context.block_on(operation, false);
        if decision.prepare_to_park(false) {
            while !decision.is_news() {
                crate::backend::park_this_coroutine(context);
            }
        }
        context.unblock();
        return true;
    }
    wait_on(context, decision, operation, until)
}

fn wait_on(context: &Context, decision: &Decision, operation: &dyn Operation, until: Option<Instant>) -> bool {
    if spin(context.parker(), decision, until) {
        return true;
    }
    context.block_on(operation, until.is_some());
    // A process with a deadline will run again: it counts as running.
    let counted = context.is_counted() && until.is_none();
    if decision.prepare_to_park(counted) {
        // Of a coroutine, its worker is in the count, not it.
        if until.is_none() && !context.is_hosted() {
            deadlock::suspend_one(counted, decision, context.parker());
        }
        park(context.parker(), decision, until);
    }
    context.unblock();
    decision.is_news()
}

/// Waits for a decision that no process is going to make (work for an idle thread), so no deadlock hangs on it.
pub(crate) fn idle(parker: &dyn Park, decision: &Decision, until: Option<Instant>) -> bool {
    if !spin(parker, decision, until) && decision.prepare_to_park(false) {
        park(parker, decision, until);
    }
    decision.is_news()
}

fn spin(parker: &dyn Park, decision: &Decision, until: Option<Instant>) -> bool {
    let mut attempt = 0;
    while !decision.is_news() {
        let late = attempt % 16 == 15 && until.is_some_and(|until| Instant::now() >= until);
        if late || !parker.spin(attempt) {
            break;
        }
        attempt += 1;
    }
    decision.is_news()
}

fn park(parker: &dyn Park, decision: &Decision, until: Option<Instant>) {
    while !decision.is_news() {
        if until.is_some_and(|until| Instant::now() >= until) {
            return;
        }
        parker.park(until);
        if cfg!(loom) && until.is_some() {
            return; // a model has no clock: its deadlines pass while somebody parks
        }
    }
}
