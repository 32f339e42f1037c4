//! Processes as OS threads: how one parks, and what we know of the threads of this program.

use std::cell::Cell;
use std::path::Path;
#[cfg(feature = "backend-processes")]
use std::sync::MutexGuard;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

#[cfg(feature = "backend-coroutines")]
use super::threshold;
use super::threshold::Still;
use super::{Job, NotStarted, Park, pool};
use crate::deadlock;

/// With a core to spare: pauses (about 10 ns each) before yielding, and yields (0.2 to 0.5 µs) before parking; together about
/// what waking a thread on another core costs.
const PAUSES: u32 = 150;
const SPARE_YIELDS: u32 = 100;
/// Without: handing the core over by a yield is one switch of threads, by parking it is two system calls more. So a few
/// yields pay where another core may bring the partner's step meanwhile. On a single core only the first can: whoever
/// comes back from it in vain parks, so that the next to be woken stands right behind its waker, and a token runs round a
/// ring of any size with one switch a hop.
const YIELDS: u32 = 4;
const YIELDS_ON_ONE_CORE: u32 = 1;
/// Whoever comes back from a yield so late has let a process run that computes. The next yield would do so too, for up to 4 ms,
/// and keep us from being woken on a core that is free by then.
const COMPUTES: Duration = Duration::from_micros(50);

/// The parker of a thread. Taken over by another thread when its own has ended; a waker that comes late then wakes
/// somebody for nothing.
pub(super) struct ThreadParker {
    thread: Mutex<Option<Thread>>,
}

impl ThreadParker {
    const fn new() -> Self {
        Self { thread: Mutex::new(None) }
    }
}

impl Park for ThreadParker {
    fn spin(&self, attempt: u32) -> bool {
        if deadlock::running() < cores() {
            if attempt < PAUSES {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
            return attempt < PAUSES + SPARE_YIELDS;
        }
        if cores() == 1 {
            std::thread::yield_now();
            return attempt + 1 < YIELDS_ON_ONE_CORE;
        }
        let start = Instant::now();
        std::thread::yield_now();
        attempt + 1 < YIELDS && start.elapsed() < COMPUTES
    }

    fn park(&self, until: Option<Instant>) {
        match until {
            None => std::thread::park(),
            Some(until) => std::thread::park_timeout(until.saturating_duration_since(Instant::now())),
        }
    }

    fn unpark(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(thread) = thread {
            thread.unpark();
        }
    }
}

/// Parkers whose threads have ended.
// FORK: held, by `hold`.
static FREE: Mutex<Vec<&'static ThreadParker>> = Mutex::new(Vec::new());

struct OwnParker(Cell<Option<&'static ThreadParker>>);

impl Drop for OwnParker {
    fn drop(&mut self) {
        if let Some(parker) = self.0.take() {
            *parker.thread.lock().unwrap_or_else(PoisonError::into_inner) = None;
            FREE.lock().unwrap_or_else(PoisonError::into_inner).push(parker);
        }
    }
}

thread_local! {
    static PARKER: OwnParker = const { OwnParker(Cell::new(None)) };
    static OURS: Cell<bool> = const { Cell::new(false) };
    static STACK_BASE: Cell<usize> = const { Cell::new(0) };
}

/// The parker of this thread.
pub(crate) fn parker() -> &'static dyn Park {
    PARKER.try_with(|own| own.0.get()).ok().flatten().unwrap_or_else(new_parker)
}

#[cold]
fn new_parker() -> &'static ThreadParker {
    let parker = FREE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop()
        .unwrap_or_else(|| Box::leak(Box::new(ThreadParker::new())));
    *parker.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::thread::current());
    // While the thread's locals are being destroyed the parker is not kept, and so not reused.
    let _ = PARKER.try_with(|own| own.0.set(Some(parker)));
    parker
}

/// Starts `job` on a thread of ours.
pub(crate) fn launch(job: Job, stack: Option<usize>) -> Result<(), NotStarted> {
    deadlock::resume_one();
    pool::run(job, stack).inspect_err(|_| deadlock::uncount_one())
}

/// Says that this thread belongs to the runtime.
pub(super) fn mark_as_ours() {
    OURS.set(true);
    stack_is_fresh();
}

/// Whether so little of this thread's stack is in use (since we first looked) that a process may run on what is left,
/// as if it had a stack of its own.
pub(crate) fn stack_is_fresh() -> bool {
    const LITTLE: usize = 64 << 10;
    let marker = 0_u8;
    let here = std::ptr::from_ref(&marker).addr();
    if STACK_BASE.get() == 0 {
        STACK_BASE.set(here);
    }
    here.abs_diff(STACK_BASE.get()) < LITTLE
}

/// Whether this thread belongs to the runtime.
pub(crate) fn is_ours() -> bool {
    OURS.get()
}

/// Whether there may be threads besides ours and `known` others, of which we know what they do.
pub(crate) fn strangers(known: usize) -> bool {
    let mut ours = Still::hold();
    loop {
        // Without its word nobody can tell.
        let Some(count) = count() else { return true };
        if count <= ours.alive() + known {
            return false;
        }
        // Whoever is gone hides nobody, and was perhaps counted: then the system is asked again.
        if !ours.some_are_gone() {
            return count > ours.count() + known;
        }
    }
}

/// How many threads this process has, as the system says in one number: its list of them may leave some out while others end.
fn count() -> Option<usize> {
    if is_only_thread() {
        return Some(1);
    }
    number_in(Path::new("/proc/self/stat"), 17)
}

/// A word of what the system says of a process or a thread: so many behind its state, which is the first. The name before that stands in brackets, and may
/// have more of them in it.
fn word_in(stat: &Path, word: usize) -> Option<String> {
    std::fs::read_to_string(stat).ok()?.rsplit(") ").next()?.split(' ').nth(word).map(str::to_owned)
}

fn number_in(stat: &Path, word: usize) -> Option<usize> {
    word_in(stat, word)?.parse().ok()
}

/// Whether a thread of this process sleeps, as far as the system says so: not if it runs, or would, if it had a processor.
#[cfg(feature = "backend-coroutines")]
pub(super) fn is_asleep(thread: i32) -> bool {
    // Where nobody tells, it may.
    word_in(&threshold::entry(thread).join("stat"), 0).is_none_or(|state| state == "S" || state == "D")
}

/// Whether one of this process's threads is on its way out: whoever has joined it knows that it has ended, yet the system counts it for a moment more.
#[cfg(feature = "backend-processes")]
pub(crate) fn is_one_ending() -> bool {
    /// The system's flag of a thread that runs none of the program's code any more (`PF_EXITING`), among its flags.
    const EXITING: usize = 4;
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return false };
    let mut listed = 0;
    let first = nix::unistd::getpid().to_string();
    for thread in threads.flatten() {
        listed += 1;
        // The first thread is listed until the process ends.
        if thread.file_name().to_str() == Some(&first) {
            continue;
        }
        let flags = number_in(&thread.path().join("stat"), 6);
        if flags.is_none_or(|flags| flags & EXITING != 0) {
            return true;
        }
    }
    // Some are left out: just because one ends.
    count().is_some_and(|count| count > listed)
}

/// Asks the system for what it grants to a process of one thread alone, where it changes nothing: a small part of what it takes to read that number, which
/// a forked process needs whenever it goes to sleep. False: it does not say so.
#[cfg(all(feature = "backend-processes", target_os = "linux"))]
fn is_only_thread() -> bool {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_THREAD).is_ok()
}

#[cfg(not(all(feature = "backend-processes", target_os = "linux")))]
fn is_only_thread() -> bool {
    false
}

#[cfg(target_os = "linux")]
pub(crate) fn is_main_thread() -> bool {
    nix::unistd::gettid() == nix::unistd::getpid()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_main_thread() -> bool {
    std::thread::current().name() == Some("main")
}

pub(crate) fn cores() -> usize {
    // FORK: made by `hold`.
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Parkers that are in no use, held by a thread that forks.
#[cfg(feature = "backend-processes")]
pub(super) struct Lock(MutexGuard<'static, Vec<&'static ThreadParker>>);

#[cfg(feature = "backend-processes")]
pub(super) fn hold() -> Lock {
    let _ = cores();
    Lock(FREE.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(feature = "backend-processes")]
impl Lock {
    /// In a forked child: the only thread is one of ours, and gets a parker that nobody else was just using, or waking.
    pub(super) fn forget_the_parent(&mut self) {
        self.0.clear();
        let _ = PARKER.try_with(|own| own.0.take());
        mark_as_ours();
    }
}
