//! Coroutines do not sleep on a word: a thread of their process does, and wakes those of whom there is news.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{census, futex};
use crate::backend::Park;
use crate::deadlock::Operation;
use crate::process::context::Context;
use crate::rendezvous::decision::Decision;
use crate::rendezvous::offer::Offer;

struct Waiting {
    decision: *const Decision,
    parker: &'static dyn Park,
}

// SAFETY: the decision is in the arena, and its frame in use until `wait` has taken this out of the list.
unsafe impl Send for Waiting {}

/// Who waits, and in which process there is a thread that listens for them.
struct Listeners {
    waiting: Vec<Waiting>,
    started: bool,
}

// FORK: held, by `shared::Locks`.
static LISTENERS: Mutex<Listeners> = Mutex::new(Listeners { waiting: Vec::new(), started: false });

fn lock() -> MutexGuard<'static, Listeners> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The list, held.
pub(super) struct Lock(#[allow(dead_code, reason = "held")] MutexGuard<'static, Listeners>);

pub(super) fn hold() -> Lock {
    Lock(lock())
}

/// A forked child has none of its parent's coroutines.
pub(super) fn forget_all() {
    let mut listeners = lock();
    listeners.waiting.clear();
    listeners.started = false;
}

/// Parks the coroutine that calls until there is news of `offer`, or `until` has passed.
pub(super) fn wait(
    context: &Context,
    offer: &Offer,
    parker: &'static dyn Park,
    operation: &dyn Operation,
    until: Option<Instant>,
) {
    let decision = &offer.decision;
    for _ in 0..SPIN {
        if decision.is_news() {
            return;
        }
        crate::backend::yield_now();
    }
    let is_late = || until.is_some_and(|until| Instant::now() >= until);
    if !begin(Waiting { decision, parker }) {
        // Its offer stands on channels, so it cannot leave: it keeps its worker awake instead.
        while !decision.is_news() && !is_late() {
            crate::backend::yield_now();
        }
        return;
    }
    context.block_on(operation, true);
    if decision.prepare_to_park(false) {
        while !decision.is_news() && !is_late() {
            parker.park(until);
        }
    }
    context.unblock();
    lock().waiting.retain(|waiting| !std::ptr::eq(waiting.decision, decision));
}

/// Turns of other coroutines before the bell is waited for.
const SPIN: u32 = 8;

/// Somebody waits from now on; the first one needs the thread that listens. False: no thread is to be had.
fn begin(waiting: Waiting) -> bool {
    let mut listeners = lock();
    listeners.started = listeners.started || crate::backend::start_helper("csp-bell", listen).is_ok();
    if listeners.started {
        listeners.waiting.push(waiting);
    }
    listeners.started
}

fn listen() {
    let bell = &census::me().bell;
    loop {
        let seen = bell.load(Ordering::Acquire); // SYNC bell: what was completed before it rang is seen below
        let woken: Vec<_> = lock()
            .waiting
            .iter()
            // SAFETY: in use while it is in the list.
            .filter(|waiting| unsafe { &*waiting.decision }.is_news())
            .map(|waiting| waiting.parker)
            .collect();
        woken.into_iter().for_each(Park::unpark);
        futex::wait(bell, seen, None);
    }
}
