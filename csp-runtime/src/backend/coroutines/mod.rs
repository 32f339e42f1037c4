//! Processes as stackful coroutines on a few worker threads. `PROTOCOL.md` tells how workers sleep and are woken.

mod ahead;
mod at_hand;
mod cpu_time;
mod hatches;
mod inbox;
mod linger;
mod nursery;
mod overflow;
mod pace;
mod panics;
mod queue;
mod record;
mod relief;
mod row;
mod stack;
mod stretches;
mod switch;
mod timers;
mod vigil;
mod watch;
mod worker;
mod workers;

use super::{Job, NotStarted, Park, threads};
use crate::config;
use crate::process::context::Context;
use crate::rendezvous::{across::Wait, hatch::Hatch};
pub(crate) use ahead::Ahead;
pub(crate) use at_hand::AtHand;
pub(super) use panics::run_hook;
use record::Record;
use relief::Relief;
pub(super) use stretches::stretch_length;

/// Starts `job` as a coroutine on this worker; from outside, on the one that all launches of this thread go to; each further stretch of a
/// replicator's branches on the next worker. An idle one may take it from there.
pub(super) fn launch(job: Job, size: Option<usize>, stretch: usize) -> Result<(), NotStarted> {
    let stack = stack::take(size, config::effective().coroutine_stack).map_err(NotStarted)?;
    workers::home(stretch)?.add_fresh(nursery::Fresh { job, stack });
    Ok(())
}

/// Nobody starts workers, or takes or gives a stack, while this is held.
#[cfg(feature = "backend-processes")]
pub(super) struct Lock {
    _starting: std::sync::MutexGuard<'static, ()>,
    _stacks: stack::Lock,
}

#[cfg(feature = "backend-processes")]
pub(super) fn hold() -> Lock {
    Lock { _starting: workers::hold(), _stacks: stack::hold(config::effective().coroutine_stack) }
}

#[cfg(feature = "backend-processes")]
impl Lock {
    /// In a forked child: the idle stacks are its own, the workers are not here.
    pub(super) fn forget_the_parent(&mut self) {
        workers::forget_the_parent();
    }
}

/// The parker of the running coroutine; outside of one, the thread's.
pub(super) fn parker() -> &'static dyn Park {
    match record::running() {
        Some(record) => record,
        None => threads::parker(),
    }
}

/// Parks the running coroutine, whose context this is.
#[inline(always)]
pub(super) fn park_this(context: &Context) {
    // SAFETY: its context was made while it ran, so its parker is its record.
    unsafe { Record::behind(context.parker()) }.park_here(context);
}

/// The running coroutine, whose context this is, goes to the end of the queue.
#[inline(always)]
pub(super) fn let_ready_run(context: &Context) {
    // SAFETY: as in `park_this`.
    unsafe { Record::behind(context.parker()) }.yield_for(context);
}

/// The running coroutine, whose context this is, begins an operation, which may be over without a wait: others are not to be kept from their turns by that.
#[inline]
pub(super) fn begin_operation(context: &Context) {
    // SAFETY: as in `park_this`.
    let record = unsafe { Record::behind(context.parker()) };
    if record.worker().has_begun_many_operations() && record.may_suspend() {
        record.worker().favour_others();
        record.yield_for(context);
    }
}

/// The running coroutine, whose context this is, has spawned a process. If many wait that have not begun, one of them does.
pub(super) fn let_fresh_begin(context: &Context) {
    // SAFETY: as in `park_this`.
    let record = unsafe { Record::behind(context.parker()) };
    if record.worker().has_many_fresh() && record.may_suspend() {
        record.worker().favour_others();
        record.yield_for(context);
    }
}

/// Whether this worker has an eye for one more wait in a hatch.
#[inline(always)]
pub(super) fn may_watch() -> bool {
    worker::this().is_some_and(|worker| worker.hatches().have_room())
}

/// Its worker looks at this wait of the running coroutine.
///
/// # Safety
/// It is that of `context`, and lasts until [`watch_hatch_no_longer`] at least.
#[inline(always)]
pub(super) unsafe fn watch_hatch(context: &Context, wait: Wait) {
    // SAFETY: as in `park_this`.
    let record = unsafe { Record::behind(context.parker()) };
    // SAFETY: passed on.
    unsafe { record.worker().look_at(wait, record) };
}

/// The running coroutine, if it is one, has sent through this hatch.
#[inline(always)]
pub(super) fn note_sent(hatch: *const Hatch) {
    if let Some(worker) = worker::this() {
        worker.hatches().note_sent(hatch);
    }
}

/// The wait of the running coroutine is over.
#[inline(always)]
pub(super) fn watch_hatch_no_longer(wait: Wait) {
    if let Some(worker) = worker::this() {
        worker.hatches().forget(wait);
    }
}

/// Whether anybody is in the queue.
pub(super) fn is_any_ready() -> bool {
    queue::holds_any()
}

/// Wakes a coroutine of this thread's worker.
///
/// # Safety
/// `parker` is its parker.
#[inline(always)]
pub(super) unsafe fn wake_neighbour(parker: &'static dyn Park, ahead: Ahead) {
    // SAFETY: by the caller.
    unsafe { Record::behind(parker) }.wake_with(ahead);
}

/// Whether the caller runs in a coroutine.
pub(super) fn inside() -> bool {
    record::running().is_some_and(Record::may_suspend)
}

/// Lets the other coroutines of this worker run, if the caller is one.
pub(super) fn yield_now() -> bool {
    let running = record::running().filter(|record| record.may_suspend());
    if let Some(record) = running {
        let _relief = std::thread::panicking().then(relieve);
        record.yield_now();
    }
    running.is_some()
}

/// The running coroutine is about to wait while it unwinds: its thread counts as one that does not, until what this returns is dropped.
pub(super) fn relieve() -> Relief {
    Relief::of_this_thread()
}

/// The name of the running process, for a signal handler.
fn running_name() -> Option<(*const u8, usize)> {
    crate::process::here::name_of_current()
}
