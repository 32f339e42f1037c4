//! Threads of ours come and go through here: so they are told from others' at any moment, and nobody forks while one is on its way (`passage.rs`).
//! (But for a forked process's own thread with a stack of its size, which only begins, and is counted then.)

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::threads::mark_as_ours;

/// The system's number of a thread.
type Thread = i32;

/// The threads that the runtime has started.
struct Ours {
    /// Those that have not begun to end.
    alive: usize,
    /// Of those: that have not begun.
    arriving: usize,
    /// Those that end, or have ended, and since when; the first one first.
    departing: VecDeque<(Thread, Instant)>,
}

// FORK: held, by `Quiet`.
static OURS: Mutex<Ours> = Mutex::new(Ours { alive: 0, arriving: 0, departing: VecDeque::new() });
// FORK: nobody waits in a child that has just begun.
static ARRIVED: Condvar = Condvar::new();

/// A thread that ends is gone after microseconds, if it gets a processor. Longer than this none is waited for: its number may be another's by now.
pub(super) const ENDS_WITHIN: Duration = Duration::from_secs(1);

fn ours() -> MutexGuard<'static, Ours> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a thread that runs `life`.
pub(super) fn start(name: String, stack: Option<usize>, life: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let arrival = Arrival::begin();
    let body = move || {
        mark_as_ours();
        arrival.end();
        let _departure = Departure;
        life();
    };
    let builder = std::thread::Builder::new().name(name);
    let builder = stack.into_iter().fold(builder, std::thread::Builder::stack_size);
    builder.spawn(body).map(drop)
}

/// This thread, which was started elsewhere, is ours until it ends, and the process with it.
#[cfg(feature = "backend-processes")]
pub(super) fn count_as_ours() {
    ours().alive += 1;
    mark_as_ours();
}

/// How many of our threads there are.
pub(super) fn alive() -> usize {
    ours().alive
}

/// A thread is about to begin. Dropped where it could not be started.
struct Arrival(());

impl Arrival {
    /// Before the thread can be seen among the system's.
    fn begin() -> Self {
        let mut ours = ours();
        ours.alive += 1;
        ours.arriving += 1;
        Self(())
    }

    fn end(self) {
        std::mem::forget(self);
        ours().arriving -= 1;
        ARRIVED.notify_all();
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let mut ours = ours();
        ours.alive -= 1;
        ours.arriving -= 1;
        ARRIVED.notify_all();
    }
}

/// The thread is about to end.
struct Departure;

impl Drop for Departure {
    fn drop(&mut self) {
        let mut ours = ours();
        let (thread, now) = (this_thread(), Instant::now());
        ours.alive -= 1;
        while ours.departing.front().is_some_and(|(_, since)| now.duration_since(*since) >= ENDS_WITHIN) {
            ours.departing.pop_front();
        }
        ours.departing.push_back((thread, now));
    }
}

/// None of ours comes or goes while this is held.
pub(super) struct Still(MutexGuard<'static, Ours>);

impl Still {
    /// Once nobody arrives.
    pub(super) fn hold() -> Self {
        Self(ARRIVED.wait_while(ours(), |ours| ours.arriving > 0).unwrap_or_else(PoisonError::into_inner))
    }

    /// How many of ours have not begun to end.
    pub(super) fn alive(&self) -> usize {
        self.0.alive
    }

    /// How many of ours are here, those that are on the way out among them.
    pub(super) fn count(&self) -> usize {
        self.0.alive + self.0.departing.len()
    }

    /// Whether some of those are gone by now: they are not counted any more.
    pub(super) fn some_are_gone(&mut self) -> bool {
        let before = self.0.departing.len();
        self.0.departing.retain(|(thread, since)| since.elapsed() < ENDS_WITHIN && entry(*thread).exists());
        self.0.departing.len() < before
    }

    /// Whether nobody is on the way out.
    #[cfg(feature = "backend-processes")]
    pub(super) fn nobody_departs(&self) -> bool {
        self.0.departing.is_empty()
    }

    /// In a forked child: only this thread is here, which is one of ours.
    #[cfg(feature = "backend-processes")]
    pub(super) fn forget_the_parent(&mut self) {
        *self.0 = Ours { alive: 1, arriving: 0, departing: VecDeque::new() };
    }
}

/// Until all that have begun to end are gone. The caller holds no lock that one of them might need.
#[cfg(feature = "backend-processes")]
pub(super) fn wait_for_the_departing() {
    let departing = ours().departing.clone();
    for (thread, since) in &departing {
        let entry = entry(*thread);
        while entry.exists() && since.elapsed() < ENDS_WITHIN {
            std::thread::yield_now();
        }
    }
    // Only now: another one that forks is to wait for them too.
    ours().departing.retain(|one| !departing.contains(one));
}

/// Where the system tells of a thread of this process, as long as it is there.
pub(super) fn entry(thread: Thread) -> PathBuf {
    PathBuf::from(format!("/proc/self/task/{thread}"))
}

#[cfg(target_os = "linux")]
pub(super) fn this_thread() -> Thread {
    nix::unistd::gettid().as_raw()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn this_thread() -> Thread {
    0
}
