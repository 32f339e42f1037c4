//! Who may not be on their way while somebody forks.
//!
//! While a thread begins or ends, and while a panic is printed, std holds locks of its own now and then. A child that is forked at such a moment
//! inherits them locked, and waits for ever when it starts a thread itself, or panics. So nobody forks while one of our threads is on its way, or a
//! panic's hook runs; see [`Quiet`].

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The system's number of a thread.
type Thread = libc::pid_t;

struct Passage {
    arriving: usize,
    /// Those that end, or have ended, and since when.
    departing: Vec<(Thread, Instant)>,
    /// Those on which a panic's hook runs, and since when.
    printing: Vec<(Thread, Instant)>,
    /// How many want to fork.
    forking: usize,
}

// FORK: held, by `Quiet`.
static PASSAGE: Mutex<Passage> =
    Mutex::new(Passage { arriving: 0, departing: Vec::new(), printing: Vec::new(), forking: 0 });
// FORK: nobody waits in a child that has just begun.
static CHANGED: Condvar = Condvar::new();

/// A thread that ends is gone after microseconds, if it gets a processor. Longer than this none is waited for: its number may be another's by now.
pub(super) const ENDS_WITHIN: Duration = Duration::from_secs(1);
/// Longer than this no hook is waited for: it may be waiting itself, for the fork even.
const PRINTS_WITHIN: Duration = Duration::from_secs(2);
/// So long a hook waits for others that want to fork. No longer: whoever panics may hold what they wait for.
const STEPS_BACK: Duration = Duration::from_millis(100);
/// Whoever waits for hooks looks again so often.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

fn passage() -> MutexGuard<'static, Passage> {
    PASSAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn this_thread() -> Thread {
    nix::unistd::gettid().as_raw()
}

impl Passage {
    /// Whether a hook runs on another thread than this one.
    fn somebody_prints(&self) -> bool {
        let me = this_thread();
        self.printing.iter().any(|(thread, since)| *thread != me && since.elapsed() < PRINTS_WITHIN)
    }
}

/// A thread is about to be started, until this is dropped.
pub(super) struct Arrival(());

impl Arrival {
    pub(super) fn begin() -> Self {
        passage().arriving += 1;
        Self(())
    }

    pub(super) fn end(self) {}
}

impl Drop for Arrival {
    fn drop(&mut self) {
        passage().arriving -= 1;
        CHANGED.notify_all();
    }
}

/// This thread is about to end.
pub(super) fn depart() {
    let (thread, now) = (this_thread(), Instant::now());
    let departing = &mut passage().departing;
    departing.retain(|(_, since)| now.duration_since(*since) < ENDS_WITHIN);
    departing.push((thread, now));
}

/// A panic's hook runs on this thread, until this is dropped.
pub(super) struct Printing(());

impl Printing {
    pub(super) fn begin() -> Self {
        let mut passage = passage();
        let me = this_thread();
        // Where many panic, there might never be a moment at which nobody prints.
        if !passage.printing.iter().any(|(thread, _)| *thread == me) {
            let wait = CHANGED.wait_timeout_while(passage, STEPS_BACK, |passage| passage.forking > 0);
            passage = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        passage.printing.push((me, Instant::now()));
        Self(())
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        let mut passage = passage();
        let me = this_thread();
        if let Some(place) = passage.printing.iter().rposition(|(thread, _)| *thread == me) {
            passage.printing.remove(place);
        }
        CHANGED.notify_all();
    }
}

/// This thread wants to fork, until this is dropped.
pub(super) struct Wish(());

impl Wish {
    pub(super) fn begin() -> Self {
        passage().forking += 1;
        Self(())
    }

    /// Until all that have begun to end are gone, and for a moment if somebody prints. The caller holds no lock that one of them might need.
    pub(super) fn wait_for_others(&self) {
        wait_for_the_departing();
        let passage = passage();
        if passage.somebody_prints() {
            drop(CHANGED.wait_timeout(passage, LOOKS_EVERY).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// None: somebody is just ending, or prints, and may need one of the locks that the caller holds.
    pub(super) fn hold(&self) -> Option<Quiet> {
        let passage = arrived();
        (passage.departing.is_empty() && !passage.somebody_prints()).then_some(Quiet(passage))
    }
}

impl Drop for Wish {
    fn drop(&mut self) {
        passage().forking -= 1;
        CHANGED.notify_all();
    }
}

/// Nobody comes or goes while this is held. Whoever takes it to fork has taken all other locks of ours before: who waits for it here holds none.
pub(super) struct Quiet(MutexGuard<'static, Passage>);

impl Quiet {
    /// None of our threads is on its way.
    pub(super) fn of_threads() -> Self {
        loop {
            let passage = arrived();
            if passage.departing.is_empty() {
                return Self(passage);
            }
            drop(passage);
            wait_for_the_departing();
        }
    }

    /// In a forked child: nobody is here.
    pub(super) fn forget_the_parent(&mut self) {
        // But for this thread, which has yet to drop its wish.
        *self.0 = Passage { arriving: 0, departing: Vec::new(), printing: Vec::new(), forking: 1 };
    }
}

/// Once nobody arrives.
fn arrived() -> MutexGuard<'static, Passage> {
    CHANGED.wait_while(passage(), |passage| passage.arriving > 0).unwrap_or_else(PoisonError::into_inner)
}

fn wait_for_the_departing() {
    let departing = passage().departing.clone();
    for (thread, since) in &departing {
        let entry = PathBuf::from(format!("/proc/self/task/{thread}"));
        while entry.exists() && since.elapsed() < ENDS_WITHIN {
            std::thread::yield_now();
        }
    }
    // Only now: another one that forks is to wait for them too.
    passage().departing.retain(|one| !departing.contains(one));
}
