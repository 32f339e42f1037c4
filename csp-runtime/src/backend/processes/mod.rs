//! Processes as forked OS processes. How their channels survive any death is told in `shared/PROTOCOL.md`.

mod child;
mod fork;
mod forker;
mod stdio;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

pub(crate) use child::Legacy;
pub(crate) use fork::Moves;

use super::threshold::ENDS_WITHIN;
use super::{NotStarted, threads};
use crate::arena::try_arena;
use crate::process::context::ContextKind;
use crate::process::here::current;
use crate::process::outcome::message_of;
use crate::shared::census;

/// A process that is to be forked: its place in a frame of the parent's, and what the two sides do with it.
pub(crate) struct ForkedJob {
    pub(crate) data: *mut (),
    /// In the child: runs the process, and leaves its result.
    pub(crate) run: unsafe fn(*mut ()) -> Legacy,
    /// In the parent, whose process is the child's by now: takes over what it left, and tells who waits.
    pub(crate) finish: unsafe fn(*mut (), Ending),
    /// In the parent before the fork: shows what the process takes along.
    pub(crate) visit: unsafe fn(*mut (), &mut dyn crate::process::Visit),
}

// SAFETY: the frame outlives the child, and only one of starter, forker and watcher uses it at a time.
unsafe impl Send for ForkedJob {}

/// What a process is called and how it is set up.
pub(crate) struct Birth {
    pub(crate) name: String,
    pub(crate) catching: bool,
    pub(crate) stack: Option<usize>,
    pub(crate) shares_memory: bool,
}

impl Birth {
    pub(crate) fn of(meta: &crate::process::Meta) -> Self {
        Self {
            name: meta.name().to_owned(),
            catching: meta.is_catching(),
            stack: meta.own_stack(),
            shares_memory: meta.is_sharing_memory(),
        }
    }
}

/// How a child has ended.
pub(crate) enum Ending {
    /// By itself.
    Left(Legacy),
    /// It was killed, or left without ending its process.
    Killed(String),
}

/// Children of this process that have not ended.
static CHILDREN: AtomicUsize = AtomicUsize::new(0);

/// Children that have ended, of which nobody here knows yet.
static CONCLUDING: AtomicUsize = AtomicUsize::new(0);

/// Whether other OS processes of this program may still do something.
pub(crate) fn are_others_alive() -> bool {
    census::is_founded() && census::population() > 1
}

/// Whether this OS process was forked by another one of the program.
pub(crate) fn is_forked() -> bool {
    census::is_founded() && census::me().parent() != 0
}

/// The caller waits for processes to end: if some of them are children of this one, it does not keep a core from them.
pub(crate) fn rest() -> Option<census::Rest> {
    // A hint how to wait: nothing is read by it.
    (CHILDREN.load(Ordering::Relaxed) > 0).then(census::Rest::begin).flatten()
}

/// Whether somebody here is about to be told that a child has ended.
pub(crate) fn is_news_on_its_way() -> bool {
    CONCLUDING.load(Ordering::Acquire) > 0 // SYNC children: as in `concluding`
}

fn concluding() {
    CONCLUDING.fetch_add(1, Ordering::AcqRel); // SYNC children: with whoever judges a standstill
}

fn concluded() {
    CONCLUDING.fetch_sub(1, Ordering::AcqRel); // SYNC children: as in `concluding`
}

/// Runs `step`, which comes before a fork. If it panics, as the arena is full, say, that is no more than an error: the caller's other processes
/// may run, in a frame of the caller's.
fn caught<R>(step: impl FnOnce() -> Result<R, NotStarted>) -> Result<R, NotStarted> {
    catch_unwind(AssertUnwindSafe(step)).unwrap_or_else(|panic| Err(NotStarted(message_of(&*panic))))
}

/// Forks `job` as a process of its own. On an error the caller still has it. Does not unwind.
pub(crate) fn launch(job: ForkedJob, birth: &Birth) -> Result<(), NotStarted> {
    if birth.shares_memory {
        return Err(NotStarted("it was declared with `shares_memory`, so it cannot be forked".into()));
    }
    try_arena().map_err(NotStarted)?;
    if !crate::config::effective().unsafe_forks && caught(|| Ok(has_foreign_threads()))? {
        return Err(NotStarted(
            "threads run here that the runtime did not start, and what they have locked would stay locked in a forked process; \
             `Config::unsafe_forks` (CSP_UNSAFE_FORKS) allows it"
                .into(),
        ));
    }
    // A child dies with the thread that forked it. A process outlives what it started, and so does main; other threads may not, and a
    // coroutine's stack is small.
    let stays =
        current(|context| !context.is_hosted() && matches!(context.kind(), ContextKind::Process | ContextKind::Main));
    if stays { fork::fork(job, birth) } else { forker::fork(job, birth) }
}

/// Whether threads run in this OS process that are neither ours, nor the program's first one, nor the caller. The first one of a forked
/// process is ours.
fn has_foreign_threads() -> bool {
    let first = usize::from(census::me().parent() == 0);
    let caller = usize::from(!threads::is_ours() && !threads::is_main_thread());
    let strangers = || threads::strangers(first + caller);
    let since = Instant::now();
    while strangers() {
        // Who has ended is no stranger any more. Counted again then: whoever was ending may be gone by now.
        let some_may_go = threads::is_one_ending() && since.elapsed() < ENDS_WITHIN;
        if !some_may_go && strangers() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

fn one_more() {
    CHILDREN.fetch_add(1, Ordering::Relaxed);
}

fn one_less() {
    CHILDREN.fetch_sub(1, Ordering::Relaxed);
}
