//! Our threads: each runs one process at a time, and is used again for the next.

use std::cell::UnsafeCell;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::threads::parker;
use super::{Job, NotStarted, Park, threshold};
use crate::config;
use crate::deadlock::{self, Hope};
use crate::rendezvous::decision::{Decision, Outcome, Sleep};
use crate::rendezvous::wait::idle;

/// How long a thread without work waits for some before it ends.
const KEEP: Duration = Duration::from_secs(2);

/// A thread without work. It lies in that thread's frame, which waits for `decision`.
struct Idle {
    decision: Decision,
    job: UnsafeCell<Option<Job>>,
    parker: &'static dyn Park,
}

struct IdleLink(NonNull<Idle>);

// SAFETY: whoever takes a link out of the list is the only one to write the job, before completing the decision.
unsafe impl Send for IdleLink {}

/// The threads without work; the latest is used first, because its caches are warm and it may still be spinning.
// FORK: held, by `hold`.
static IDLE: Mutex<Vec<IdleLink>> = Mutex::new(Vec::new());

fn idle_threads() -> MutexGuard<'static, Vec<IdleLink>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `job` on a thread without work, or on a new one: never later, for whoever runs may wait for this one.
pub(super) fn run(job: Job, stack: Option<usize>) -> Result<(), NotStarted> {
    // A process that asks for a stack of its own gets a thread of its own.
    if stack.is_none() {
        let idle = idle_threads().pop();
        if let Some(IdleLink(idle)) = idle {
            // SAFETY: its thread waits for the decision, and we alone took it out of the list.
            let idle = unsafe { idle.as_ref() };
            let parker = idle.parker;
            // SAFETY: as above.
            unsafe { *idle.job.get() = Some(job) };
            // SYNC completion: the job is published by this.
            if idle.decision.complete(0, Outcome::Met) != Sleep::Awake {
                parker.unpark();
            }
            return Ok(());
        }
    }
    start_thread(stack.unwrap_or_else(|| config::effective().stack_size), move || work(job, stack.is_none()))
}

/// Starts a thread with a stack of so many bytes. It does not count as a process that runs.
pub(super) fn start_thread(bytes: usize, life: impl FnOnce() + Send + 'static) -> Result<(), NotStarted> {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let before = threshold::alive();
    let started = if before >= most_threads() {
        Err(io::Error::other("each takes 4 memory mappings, and `vm.max_map_count` allows no more"))
    } else {
        let name = format!("csp-{}", STARTED.fetch_add(1, Ordering::Relaxed));
        threshold::start(name, Some(bytes), life)
    };
    started.map_err(|error| {
        NotStarted(format!(
            "no more than {before} threads can run here ({error}). Raise the limit that is in the way (`vm.max_map_count`, \
             `kernel.threads-max`, `kernel.pid_max`, `ulimit -u`), or use less stack for each ({bytes} bytes now): \
             `CSP_STACK`, `Config::stack_size`, or `#[process(stack = …)]`"
        ))
    })
}

/// The system kills a program whose new thread finds no memory mapping left for its signal stack, so we stop before.
fn most_threads() -> usize {
    // FORK: made by `hold`.
    static MOST: OnceLock<usize> = OnceLock::new();
    *MOST.get_or_init(|| {
        let mappings =
            std::fs::read_to_string("/proc/sys/vm/max_map_count").ok().and_then(|text| text.trim().parse().ok());
        mappings.map_or(usize::MAX, |mappings: usize| (mappings / 4).saturating_sub(128).max(16))
    })
}

/// Starts a thread that runs coroutines, for ever.
#[cfg(feature = "backend-coroutines")]
pub(super) fn start_worker(number: usize, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    threshold::start(format!("csp-worker-{number}"), None, run)
}

fn work(first: Job, reusable: bool) {
    let mut next = Some(first);
    while let Some(job) = next {
        job.run();
        let hope = deadlock::end_one();
        next = if reusable { wait_for_work(hope) } else { None };
        // Who waits for work looks again by itself.
        if !reusable && hope.is_of_strangers() {
            be_patient_for_all();
        }
    }
}

/// One thread is enough to look, now and then, whether the strangers are there still: the latest. Those before it end as soon as they look.
fn be_patient_for_all() {
    static LATEST: AtomicUsize = AtomicUsize::new(0);
    let number = LATEST.fetch_add(1, Ordering::Relaxed) + 1;
    deadlock::be_patient(parker(), || deadlock::running() > 0 || LATEST.load(Ordering::Relaxed) != number);
}

/// `hope`: what there was when its last process ended.
fn wait_for_work(hope: Hope) -> Option<Job> {
    let idle_thread = Idle { decision: Decision::new(), job: UnsafeCell::new(None), parker: parker() };
    let link = NonNull::from(&idle_thread);
    idle_threads().push(IdleLink(link));
    let since = Instant::now();
    if !idle(idle_thread.parker, &idle_thread.decision, Some(since + deadlock::PATIENCE)) {
        // The others may have waited before the last one ended, and look no more.
        if deadlock::look_again().is_of_strangers() && hope.is_of_strangers() {
            deadlock::be_patient(idle_thread.parker, || idle_thread.decision.is_news());
        }
        if !idle(idle_thread.parker, &idle_thread.decision, Some(since + KEEP)) {
            let mut threads = idle_threads();
            if let Some(place) = threads.iter().position(|thread| thread.0 == link) {
                threads.remove(place);
                drop(threads);
                deadlock::look_again();
                return None;
            }
            drop(threads);
            // Somebody took us out of the list a moment ago: the job is certain to come.
            while !idle(idle_thread.parker, &idle_thread.decision, None) {}
        }
    }
    idle_thread.job.into_inner()
}

/// Starts a thread that serves the runtime, for ever.
#[cfg(feature = "backend-processes")]
pub(super) fn start_helper(name: &str, serve: fn()) -> io::Result<()> {
    threshold::start(name.to_owned(), None, serve)
}

/// The threads without work, held by a thread that forks.
#[cfg(feature = "backend-processes")]
pub(super) struct Lock(MutexGuard<'static, Vec<IdleLink>>);

#[cfg(feature = "backend-processes")]
pub(super) fn hold() -> Lock {
    let _ = most_threads();
    Lock(idle_threads())
}

#[cfg(feature = "backend-processes")]
impl Lock {
    /// In a forked child: none of them is here.
    pub(super) fn forget_the_parent(&mut self) {
        self.0.clear();
    }
}
