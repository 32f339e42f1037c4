//! Deadlock: found when the last running process goes to sleep, reported with names and lines, and ended.
//!
//! `RUNNING` counts our own threads that run a process, and calls that block. Whoever completes a sleeper's offer counts it again *before* it
//! can itself go to sleep, so the count is zero only when no process of ours runs or is about to. Main, foreign threads
//! and timeouts are looked up then: any of them may be hope.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Write as _};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::{Park, threads, uninterrupted};
use crate::error::{Cause, CauseKind};
#[cfg(feature = "backend-processes")]
use crate::process::context::Waiting;
use crate::process::context::{Context, ContextKind};
use crate::rendezvous::decision::{Decision, Sleep};

/// How long a standstill must last before it is reported where a thread that we do not own might still end it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// How many processes a report names: enough to see a pattern, few enough to read.
const MOST_REPORTED: usize = 100;

static RUNNING: AtomicUsize = AtomicUsize::new(0);
// FORK: held, by `hold`.
static CONTEXTS: Mutex<Vec<Registered>> = Mutex::new(Vec::new());
static WARNED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// A deadlock is being ended on this thread.
    static DEFERRING: Cell<bool> = const { Cell::new(false) };
    /// Whom to wake when all operations have ended.
    static DEFERRED: RefCell<Vec<&'static dyn Park>> = const { RefCell::new(Vec::new()) };
}

/// Wakes the owner of a completed offer, if it sleeps.
#[inline]
pub(crate) fn wake(sleeper: &'static dyn Park, sleep: Sleep) {
    if sleep == Sleep::Awake {
        return;
    }
    #[cfg(feature = "backend-processes")]
    crate::shared::judge::stir();
    if sleep == Sleep::Counted {
        resume_one();
    }
    if DEFERRING.get() {
        defer(sleeper);
    } else {
        sleeper.unpark();
    }
}

#[cold]
fn defer(sleeper: &'static dyn Park) {
    DEFERRED.with_borrow_mut(|deferred| deferred.push(sleeper));
}

/// Something that a process can be blocked in.
pub(crate) trait Operation {
    /// Whether nobody has completed it yet.
    fn is_pending(&self) -> bool;
    /// What it waits for, on which channel, and where in the source.
    fn describe(&self, report: &mut dyn fmt::Write) -> fmt::Result;
    /// Where in the source it waits.
    #[cfg_attr(not(feature = "backend-processes"), allow(dead_code))]
    fn at(&self) -> Option<&'static Location<'static>> {
        None
    }
    /// Whether it is processes that it waits for.
    #[cfg_attr(not(feature = "backend-processes"), allow(dead_code))]
    fn waits_for_processes(&self) -> bool {
        false
    }
    /// Ends it, if it waits for a communication.
    fn end(&self, cause: &Cause);
}

pub(crate) struct Registered(*const Context);

/// All contexts of this OS process.
#[cfg(feature = "backend-processes")]
pub(crate) type Contexts = Vec<Registered>;

// SAFETY: a context is unregistered before it ends, and `CONTEXTS` is locked while one is looked at; of a context only
// its locked and its immutable parts are used from other threads, and `covered`, which does not change while all sleep.
unsafe impl Send for Registered {}

/// What each process waited for when all of them did.
#[derive(Debug)]
pub(crate) struct Report(String);

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

pub(crate) fn register(context: &Context) {
    #[cfg(feature = "backend-coroutines")]
    if context.is_hosted() && crate::hosted::register(context) {
        return;
    }
    let mut contexts = contexts();
    context.slot.store(contexts.len(), Ordering::Relaxed);
    contexts.push(Registered(context));
}

pub(crate) fn unregister(context: &Context) {
    #[cfg(feature = "backend-coroutines")]
    if context.is_hosted() {
        return crate::hosted::unregister(context);
    }
    let mut contexts = contexts();
    let slot = context.slot.load(Ordering::Relaxed);
    contexts.swap_remove(slot);
    if let Some(moved) = contexts.get(slot) {
        // SAFETY: registered contexts are alive while the list is locked.
        unsafe { &*moved.0 }.slot.store(slot, Ordering::Relaxed);
    }
}

fn contexts() -> MutexGuard<'static, Vec<Registered>> {
    CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This thread is a worker's from now on: its coroutines' contexts stand in a list of their own.
#[cfg(feature = "backend-coroutines")]
pub(crate) fn become_host() {
    let _contexts = contexts();
    crate::hosted::become_host();
}

/// A worker that was idle is counted as running again, and waits here until nobody looks at its coroutines.
#[cfg(feature = "backend-coroutines")]
pub(crate) fn pass() {
    drop(contexts());
}

/// The caller has met the poison of a deadlock, and waits here until all operations have ended by it.
#[cold]
pub(crate) fn wait_until_all_have_ended() {
    drop(contexts());
    #[cfg(feature = "backend-processes")]
    crate::shared::judge::wait_until_all_have_ended();
}

/// How many processes run now, calls that block not among them; a hint for how to wait.
#[inline]
pub(crate) fn running() -> usize {
    let running = RUNNING.load(Ordering::Relaxed);
    #[cfg(feature = "backend-coroutines")]
    let running = running.saturating_sub(crate::backend::calls::under_way());
    running
}

/// One more process of ours runs: it was started, or its offer was completed while it slept.
#[inline]
pub(crate) fn resume_one() {
    // SYNC running: a later zero is seen after what this process goes on to do.
    RUNNING.fetch_add(1, Ordering::AcqRel);
}

/// One was counted in too many: a process could not be started, say, and somebody else still runs. Or a worker falls idle that a timer will wake, which is
/// hope enough. Nobody judges.
pub(crate) fn uncount_one() {
    let _ = uncount_one_to_judge_later();
}

/// The same. True: the caller is to judge, after a while, as nobody of ours runs any more.
#[must_use]
pub(crate) fn uncount_one_to_judge_later() -> bool {
    // SYNC running: as in `resume_one`.
    RUNNING.fetch_sub(1, Ordering::AcqRel) == 1
}

/// A process of ours has ended. If it was the last that ran, this looks whether any ever will.
pub(crate) fn end_one() -> Hope {
    // SYNC running: whoever sees zero sees what all of them did.
    if RUNNING.fetch_sub(1, Ordering::AcqRel) == 1 { standstill() } else { Hope::Ours }
}

/// The caller is about to sleep until `decision` is complete, without a deadline. If that would stop the last process
/// that can run, this looks into it.
pub(crate) fn suspend_one(counted: bool, decision: &Decision, parker: &dyn Park) {
    if cfg!(loom) {
        return; // a model's processes are in no list, and loom finds their deadlocks
    }
    let last = match counted {
        // SYNC running: as in `end_one`.
        true => RUNNING.fetch_sub(1, Ordering::AcqRel) == 1,
        // SYNC running: a read that also writes: either it sees zero, or who brings it to zero sees us waiting.
        false => RUNNING.fetch_add(0, Ordering::AcqRel) == 0,
    };
    if last && standstill().is_of_strangers() {
        be_patient(parker, || !decision.is_pending());
    }
}

/// A thread that is not ours might still communicate. Gives it time, says once what we see, and looks ever more seldom whether it is still there, until
/// there is `news`.
pub(crate) fn be_patient(parker: &dyn Park, news: impl Fn() -> bool) {
    let mut patience = PATIENCE;
    loop {
        let until = Instant::now() + patience;
        while !news() && Instant::now() < until {
            parker.park(Some(until));
        }
        if news() || !look_again().is_of_strangers() {
            return;
        }
        patience *= 2;
    }
}

/// For a worker that has been counted out without a judgement.
#[cfg(feature = "backend-coroutines")]
pub(crate) fn judge_now() {
    // SYNC running: as in `end_one`.
    if RUNNING.load(Ordering::Acquire) == 0 {
        standstill();
    }
}

/// For a thread that has slept for [`PATIENCE`] without work: ends or reports a standstill that still lasts.
pub(crate) fn look_again() -> Hope {
    // SYNC running: as in `end_one`.
    let hope = if RUNNING.load(Ordering::Acquire) == 0 { standstill() } else { Hope::Ours };
    if hope == Hope::OnlyForeign {
        warn_once();
    }
    hope
}

/// Whether [`look_again`] may find a standstill. This waits for nobody: a lock that is taken is a reason to look.
#[cfg(feature = "backend-processes")]
pub(crate) fn may_stand_still() -> bool {
    // SYNC running: as in `end_one`.
    let somebody_runs = || RUNNING.load(Ordering::Acquire) != 0;
    if somebody_runs() {
        return false;
    }
    let Ok(contexts) = CONTEXTS.try_lock() else { return true };
    // Who is not seen waiting will look itself when it waits, and sees then what came before this.
    !somebody_runs() && look(&contexts).is_some()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hope {
    /// Something of ours will go on.
    Ours,
    /// A thread of this OS process that is not ours could; it waits with a deadline, or other OS processes may go on too, or before.
    Strangers,
    /// Only a thread that is not ours could, and nobody knows whether it will.
    OnlyForeign,
    /// Nothing can; all has been ended.
    Nothing,
}

impl Hope {
    /// Whether it ends with threads that are not ours, of whose end nobody tells.
    pub(crate) fn is_of_strangers(self) -> bool {
        matches!(self, Self::Strangers | Self::OnlyForeign)
    }
}

/// No process of ours runs: judges whether any ever will, and if not, ends what they are blocked in.
fn standstill() -> Hope {
    let contexts = contexts();
    let hope = judge(&contexts);
    if hope == Hope::Nothing {
        let report = Arc::new(report(&contexts));
        for context in each(&contexts).filter(|context| context.is_root()) {
            context.deliver_report(&report);
        }
        // All operations end before anybody wakes and drops an end, which would look like a retirement to the others.
        // No checkpoint in between: those who wake need the list that we have locked.
        let sleepers = uninterrupted(|| {
            DEFERRING.set(true);
            for context in each(&contexts) {
                context.with_waiting(|waiting| {
                    if let Some(waiting) = waiting {
                        waiting.operation().end(&Cause::new(CauseKind::Deadlock, context.name()));
                    }
                });
            }
            DEFERRING.set(false);
            DEFERRED.take()
        });
        sleepers.into_iter().for_each(Park::unpark);
    }
    hope
}

/// Looks twice, and at the count in between. Whoever waits in the same operation both times waited in between, so there was
/// a moment at which all of them waited and nobody ran: one look alone could see each of them at a moment of its own.
/// Where this finds hope too often, whoever gave it looks again when it goes to sleep itself.
fn judge(contexts: &[Registered]) -> Hope {
    // SYNC running: nobody of ours runs, so coroutines do not change what they wait for, and none can before we are done.
    if RUNNING.load(Ordering::Acquire) != 0 {
        return Hope::Ours;
    }
    // Before the looks: who is gone after them may have let somebody go on in between.
    #[cfg(feature = "backend-processes")]
    let others = crate::backend::processes::are_others_alive();
    #[cfg(feature = "backend-processes")]
    if crate::backend::processes::is_news_on_its_way() {
        return Hope::Ours;
    }
    let Some(before) = look(contexts) else { return Hope::Ours };
    // SYNC running: whoever waits was counted out, and whoever it started was counted in, before it was seen waiting.
    if RUNNING.load(Ordering::Acquire) != 0 || look(contexts) != Some(before) {
        return Hope::Ours;
    }
    let known = each(contexts).filter(|context| context.is_root()).count();
    let strangers = before.foreign_runs || threads::strangers(known);
    #[cfg(feature = "backend-processes")]
    if others {
        if strangers || before.foreign_is_timed {
            return Hope::Strangers;
        }
        let at = each(contexts).find_map(|context| {
            context.with_waiting(|waiting| {
                waiting.map(Waiting::operation).filter(|it| it.waits_for_processes()).and_then(Operation::at)
            })
        });
        // If that is the end, it has been ended, and whoever waits here learns of it like all the others.
        let still = || !crate::backend::processes::is_news_on_its_way() && look(contexts) == Some(before);
        crate::shared::judge::stand_still(at, still);
        return Hope::Ours;
    }
    match (before.foreign_is_timed, strangers) {
        (true, _) => Hope::Strangers,
        (false, true) => Hope::OnlyForeign,
        (false, false) => Hope::Nothing,
    }
}

/// What a look at all contexts has shown: nobody of ours runs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Standstill {
    /// How often all of them have begun to wait, since each was made: it differs if anybody waits for something new.
    waits: u64,
    foreign_runs: bool,
    /// It waits with a deadline, and may end after that without a word to anybody.
    foreign_is_timed: bool,
}

/// None if somebody of ours runs, or will; or if nobody waits.
fn look(contexts: &[Registered]) -> Option<Standstill> {
    let mut seen = Standstill { waits: 0, foreign_runs: false, foreign_is_timed: false };
    for context in each(contexts).filter(|context| !context.is_covered()) {
        let number = context.with_waiting(|waiting| match waiting {
            Some(waiting) if waiting.timed && context.kind() == ContextKind::Foreign => {
                seen.foreign_is_timed = true;
                Some(0)
            }
            Some(waiting) if waiting.timed || !waiting.operation().is_pending() => None,
            Some(waiting) => Some(waiting.number),
            None if context.kind() == ContextKind::Foreign => {
                seen.foreign_runs = true;
                Some(0)
            }
            None if context.kind() == ContextKind::Ours => Some(0),
            None => None,
        });
        seen.waits += number?;
    }
    (seen.waits > 0).then_some(seen)
}

/// All contexts, while none of ours runs: `contexts` is locked, and the count was zero after that.
fn each(contexts: &[Registered]) -> impl Iterator<Item = &Context> {
    let all = contexts.iter().map(|registered| registered.0);
    #[cfg(feature = "backend-coroutines")]
    // SAFETY: as said above; a worker that is roused waits for the lock.
    let all = all.chain(unsafe { crate::hosted::all() });
    // SAFETY: registered contexts are alive while the list is locked, and those of coroutines while no worker goes on.
    all.map(|context| unsafe { &*context })
}

fn report(contexts: &[Registered]) -> Report {
    let mut text = String::from("deadlock: every process waits, and none can ever run again");
    let mut count = 0_usize;
    for context in each(contexts) {
        context.with_waiting(|waiting| {
            let Some(waiting) = waiting else { return };
            count += usize::from(!context.is_root());
            if count > MOST_REPORTED {
                return;
            }
            let who = if context.is_root() { "" } else { "process " };
            let quote = if context.is_root() { "" } else { "`" };
            let _ = write!(text, "\n  {who}{quote}{}{quote} ", context.name());
            let _ = waiting.operation().describe(&mut text);
        });
    }
    if count > MOST_REPORTED {
        let _ = write!(text, "\n  … and {} more", count - MOST_REPORTED);
    }
    Report(text)
}

fn warn_once() {
    if WARNED.load(Ordering::Relaxed) {
        return;
    }
    let report = {
        let contexts = contexts();
        let is_news = judge(&contexts) == Hope::OnlyForeign && !WARNED.swap(true, Ordering::Relaxed);
        is_news.then(|| report(&contexts))
    };
    if let Some(report) = report {
        crate::backend::say(format!(
            "csp: no process runs, and only a thread that the runtime did not start could change that; \
             if none will, this is a\n{report}"
        ));
    }
}

/// The place of an operation and of the channel it works on, for reports.
pub(crate) fn channel_phrase(name: Option<&str>, made_at: &Location<'_>) -> String {
    match name {
        Some(name) => format!("channel `{name}` (made at {made_at})"),
        None => format!("the channel made at {made_at}"),
    }
}

/// All contexts, held by a thread that forks.
#[cfg(feature = "backend-processes")]
pub(crate) fn hold() -> MutexGuard<'static, Contexts> {
    contexts()
}

/// In a forked child: one process is about to run, and there are no others.
#[cfg(feature = "backend-processes")]
pub(crate) fn forget_the_parent(contexts: &mut Contexts) {
    contexts.clear();
    #[cfg(feature = "backend-coroutines")]
    crate::hosted::forget_the_parent();
    RUNNING.store(1, Ordering::Relaxed);
    WARNED.store(false, Ordering::Relaxed);
}

/// The caller is about to sleep, without a deadline, until another OS process may complete `decision`. If all of this process
/// sleeps, that is told, and the last one of all looks whether any will go on.
#[cfg(feature = "backend-processes")]
pub(crate) fn suspend_for_others(context: &Context, decision: &Decision) -> Hope {
    #[cfg(csp_steps)]
    if crate::sync::steps::STANDS_STILL.get() {
        crate::shared::judge::stand_still(None, || !decision.is_news());
        return Hope::Ours;
    }
    let last = match context.is_counted() {
        // SYNC running: as in `end_one`.
        true => RUNNING.fetch_sub(1, Ordering::AcqRel) == 1,
        // SYNC running: as in `suspend_one`.
        false => RUNNING.fetch_add(0, Ordering::AcqRel) == 0,
    };
    if last && !decision.is_news() { standstill() } else { Hope::Ours }
}

/// It goes on.
#[cfg(feature = "backend-processes")]
pub(crate) fn resume_from_others(context: &Context) {
    crate::shared::judge::stir();
    if context.is_counted() {
        resume_one();
    }
}
