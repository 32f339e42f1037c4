//! What varies between backends: how a process parks ([`Park`]) and how one is started ([`launch`]). All else exists once.

#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
pub(crate) mod alarm;
#[cfg(feature = "backend-coroutines")]
pub(crate) mod calls;
#[cfg(feature = "backend-coroutines")]
mod coroutines;
pub(crate) mod default;
#[cfg(feature = "backend-processes")]
pub(crate) mod forked;
#[cfg(any(feature = "backend-coroutines", feature = "backend-processes"))]
mod hook;
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
pub(crate) mod idleness;
#[cfg(feature = "backend-processes")]
mod passage;
mod pool;
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
pub(crate) mod posted;
#[cfg(feature = "backend-processes")]
pub(crate) mod processes;
#[cfg(feature = "backend-seeded")]
pub(crate) mod seeded;
pub(crate) mod threads;
mod threshold;

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

#[cfg(feature = "backend-coroutines")]
pub(crate) use coroutines::{Ahead, AtHand};

#[cfg(feature = "backend-coroutines")]
use crate::process::context::Context;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::rendezvous::{across::Wait, hatch::Hatch};

/// An execution model: what a process is while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Each process is an OS thread.
    Threads,
    /// Each process is a stackful coroutine on one of a few worker threads. Needs Linux, and the Cargo feature
    /// `backend-coroutines` or `coroutines`.
    ///
    /// Nobody is interrupted: a process that blocks its thread by a call that is not marked `#[io]`, or computes for long
    /// without [`yield_now`](crate::yield_now), holds up the others of its worker. Those share that thread's thread-locals
    /// too.
    Coroutines,
    /// Each process is a forked OS process; its channels are in memory that they share. Needs the Cargo feature
    /// `backend-processes` or `processes`.
    Processes,
    /// For tests: OS threads of which one runs at a time, the next chosen by a seeded generator, so that a schedule can
    /// be replayed by its seed (`CSP_SEED`). Needs the Cargo feature `backend-seeded`.
    Seeded,
}

impl Backend {
    const ALL: [(Backend, &'static str); 4] = [
        (Backend::Threads, "threads"),
        (Backend::Coroutines, "coroutines"),
        (Backend::Processes, "processes"),
        (Backend::Seeded, "seeded"),
    ];

    /// Why this build has no such backend, if it has none.
    pub(crate) fn missing(self) -> Option<String> {
        match self {
            Backend::Threads => None,
            Backend::Seeded if cfg!(feature = "backend-seeded") => None,
            Backend::Seeded => {
                Some("backend `seeded` needs the Cargo feature `backend-seeded` of csp-runtime".to_owned())
            }
            Backend::Coroutines if cfg!(feature = "backend-coroutines") => None,
            Backend::Coroutines => {
                Some("backend `coroutines` needs the Cargo feature `backend-coroutines` of csp-runtime".to_owned())
            }
            Backend::Processes if cfg!(feature = "backend-processes") => None,
            Backend::Processes => {
                Some("backend `processes` needs the Cargo feature `backend-processes` of csp-runtime".to_owned())
            }
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(backend, _)| backend == self).map_or("?", |(_, name)| name);
        out.pad(name)
    }
}

/// The name names no backend, or one that this build does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBackend(String);

impl fmt::Display for UnknownBackend {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for UnknownBackend {}

impl FromStr for Backend {
    type Err = UnknownBackend;

    /// # Errors
    /// If there is no such backend, or not in this build.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let Some((backend, _)) = Self::ALL.iter().find(|(_, known)| *known == name) else {
            return Err(UnknownBackend(format!(
                "there is no backend `{name}`: write `threads`, `coroutines`, `processes` or `seeded`"
            )));
        };
        match backend.missing() {
            Some(why) => Err(UnknownBackend(why)),
            None => Ok(*backend),
        }
    }
}

/// How a process sleeps and is woken.
///
/// A parker outlives every offer that names it, for ever if need be, so a late `unpark` wakes somebody for nothing and
/// does no harm: whoever parks looks at its decision word again.
pub(crate) trait Park: Sync {
    /// One step of waiting awake. False: it was the last one, and it is time to park.
    fn spin(&self, attempt: u32) -> bool;
    /// Sleeps until `unpark`, or `until`, or for no reason. An `unpark` that came before is not lost.
    fn park(&self, until: Option<Instant>);
    /// Wakes the sleeper, or keeps it from going to sleep.
    fn unpark(&self);
    /// The caller is about to do that: what it takes may come nearer meanwhile.
    #[cfg(feature = "backend-coroutines")]
    fn expect_unpark(&self) {}
}

/// Code to run as a process, and where its frame is.
pub(crate) struct Job {
    data: *mut (),
    run: unsafe fn(*mut ()),
}

// SAFETY: `Job::new` asks that the data may be used from another thread.
unsafe impl Send for Job {}

impl Job {
    /// # Safety
    /// `run(data)` is called at most once, perhaps on another thread; `data` must stay valid until it has been.
    pub(crate) unsafe fn new(data: *mut (), run: unsafe fn(*mut ())) -> Self {
        Self { data, run }
    }

    pub(crate) fn run(self) {
        // SAFETY: by `new`; `self` is gone afterwards.
        unsafe { (self.run)(self.data) };
    }
}

/// A process could not be started.
#[derive(Debug)]
pub(crate) struct NotStarted(pub(crate) String);

/// Starts `job` as a process of `backend`; in which stretch of a replicator's branches, only coroutines ask.
pub(crate) fn launch(
    backend: Backend,
    job: Job,
    stack: Option<usize>,
    #[cfg_attr(not(feature = "backend-coroutines"), expect(unused_variables, reason = "see above"))] stretch: usize,
) -> Result<(), NotStarted> {
    match backend {
        #[cfg(feature = "backend-seeded")]
        Backend::Seeded => seeded::launch(job, stack),
        #[cfg(feature = "backend-coroutines")]
        Backend::Coroutines => coroutines::launch(job, stack, stretch),
        _ => threads::launch(job, stack),
    }
}

/// How many of `count` processes, of which each talks to the next, run best on one core.
pub(crate) fn stretch_length(count: usize) -> usize {
    #[cfg(feature = "backend-coroutines")]
    return coroutines::stretch_length(count);
    #[cfg(not(feature = "backend-coroutines"))]
    count
}

/// The parker of a process that `backend` runs on this thread.
pub(crate) fn parker(backend: Backend) -> &'static dyn Park {
    match backend {
        #[cfg(feature = "backend-seeded")]
        Backend::Seeded => seeded::parker(),
        #[cfg(feature = "backend-coroutines")]
        Backend::Coroutines => coroutines::parker(),
        _ => threads::parker(),
    }
}

/// Whether a process of `backend` may run to its end on the stack of its starter, which only waits meanwhile.
///
/// Not if that is panicking: nobody is to take the process for one that does.
pub(crate) fn runs_on_its_starters_stack(backend: Backend) -> bool {
    !std::thread::panicking()
        && !matches!(backend, Backend::Coroutines | Backend::Processes)
        && threads::stack_is_fresh()
}

/// Whether a call that blocks this thread would hold up other processes.
#[cfg(feature = "backend-coroutines")]
pub(crate) fn shares_its_thread() -> bool {
    coroutines::inside()
}

/// Parks the caller, which is a coroutine, and whose context this is, until `unpark`, or for no reason.
#[cfg(feature = "backend-coroutines")]
#[inline(always)]
pub(crate) fn park_this_coroutine(context: &Context) {
    coroutines::park_this(context);
}

/// Whether the worker of the running coroutine has an eye for one more wait in a hatch.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[inline(always)]
pub(crate) fn may_watch() -> bool {
    coroutines::may_watch()
}

/// The worker of the running coroutine, whose context this is, looks at this wait of its.
///
/// # Safety
/// The wait is its own, and lasts until [`watch_no_longer`] at least.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[inline(always)]
pub(crate) unsafe fn watch(context: &Context, wait: Wait) {
    // SAFETY: passed on.
    unsafe { coroutines::watch_hatch(context, wait) };
}

/// The wait of the running coroutine is over.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[inline(always)]
pub(crate) fn watch_no_longer(wait: Wait) {
    coroutines::watch_hatch_no_longer(wait);
}

/// The running process has sent through this hatch.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[inline(always)]
pub(crate) fn note_sent(hatch: *const Hatch) {
    coroutines::note_sent(hatch);
}

/// The running coroutine, whose context this is, begins an operation. If it has begun many in this turn, others have theirs before.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[inline]
pub(crate) fn begin_operation(context: &Context) {
    coroutines::begin_operation(context);
}

/// The process with this context is about to wait. If it unwinds, and shares its thread, that counts as one that does not, until what this returns is dropped.
#[cfg(feature = "backend-coroutines")]
#[inline]
pub(crate) fn relieve(context: &Context) -> Option<impl Drop + use<>> {
    (context.is_hosted() && std::thread::panicking()).then(coroutines::relieve)
}

/// The process with this context has spawned another one. As it need not wait, those that have not begun are not to become ever more.
#[cfg(feature = "backend-coroutines")]
pub(crate) fn let_fresh_begin(context: &Context) {
    if context.is_hosted() && !context.is_committing() && !std::thread::panicking() {
        coroutines::let_fresh_begin(context);
    }
}

/// Lets those coroutines run that are ready. The caller is one, and `context` is its own.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[inline(always)]
pub(crate) fn let_ready_coroutines_run(context: &Context) {
    coroutines::let_ready_run(context);
}

/// Whether any coroutine of this thread's worker is ready to run.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) fn is_any_coroutine_ready() -> bool {
    coroutines::is_any_ready()
}

/// Wakes a coroutine that waits, or waited.
///
/// # Safety
/// `parker` is that of a coroutine of this thread's worker.
#[cfg(feature = "backend-coroutines")]
#[inline(always)]
pub(crate) unsafe fn wake_neighbour(parker: &'static dyn Park, ahead: Ahead) {
    // SAFETY: passed on.
    unsafe { coroutines::wake_neighbour(parker, ahead) };
}

/// Lets other processes run.
pub(crate) fn yield_now() {
    #[cfg(feature = "backend-coroutines")]
    if coroutines::yield_now() {
        return;
    }
    checkpoint();
    std::thread::yield_now();
}

/// A point at which another process may run, where the backend chooses such points itself.
#[inline(always)]
pub(crate) fn checkpoint() {
    #[cfg(feature = "backend-seeded")]
    seeded::checkpoint();
}

/// Runs `step` without any [`checkpoint`] in it: it holds what others need before they can run.
pub(crate) fn uninterrupted<R>(step: impl FnOnce() -> R) -> R {
    #[cfg(feature = "backend-seeded")]
    return seeded::uninterrupted(step);
    #[cfg(not(feature = "backend-seeded"))]
    step()
}

/// Writes to standard error, on a thread of its own: whoever holds that may wait for what the caller is to do next.
pub(crate) fn say(text: String) {
    // Where no thread is to be had, nothing is said.
    let _ = pool::start_thread(64 << 10, move || eprintln!("{text}"));
}

/// Starts a thread that serves the runtime for as long as this OS process lives.
///
/// # Errors
/// If there can be no more threads.
#[cfg(feature = "backend-processes")]
pub(crate) fn start_helper(name: &str, serve: fn()) -> Result<(), NotStarted> {
    pool::start_helper(name, serve)
        .map_err(|error| NotStarted(format!("no thread could be started for `{name}`: {error}")))
}

/// Says that this thread, which was just begun, runs a process of ours, to its end.
#[cfg(feature = "backend-processes")]
pub(crate) fn count_as_ours() {
    threshold::count_as_ours();
}
