//! Who may not be on their way while somebody forks.
//!
//! While a thread begins or ends, and while a panic is printed, std holds locks of its own now and then. A child that is forked at such a moment
//! inherits them locked, and waits for ever when it starts a thread itself, or panics. So nobody forks while one of our threads is on its way, or a
//! panic's hook runs; see [`Quiet`].

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::threshold::{Still, this_thread, wait_for_the_departing};

struct Passage {
    /// The threads on which a panic's hook runs, and since when.
    printing: Vec<(i32, Instant)>,
    /// How many want to fork.
    forking: usize,
}

// FORK: held, by `Quiet`.
static PASSAGE: Mutex<Passage> = Mutex::new(Passage { printing: Vec::new(), forking: 0 });
// FORK: nobody waits in a child that has just begun.
static CHANGED: Condvar = Condvar::new();

/// Longer than this no hook is waited for: it may be waiting itself, for the fork even.
const PRINTS_WITHIN: Duration = Duration::from_secs(2);
/// So long a hook waits for others that want to fork. No longer: whoever panics may hold what they wait for.
const STEPS_BACK: Duration = Duration::from_millis(100);
/// Whoever waits for hooks looks again so often.
const LOOKS_EVERY: Duration = Duration::from_millis(10);

fn passage() -> MutexGuard<'static, Passage> {
    PASSAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Passage {
    /// Whether a hook runs on another thread than this one.
    fn somebody_prints(&self) -> bool {
        let me = this_thread();
        self.printing.iter().any(|(thread, since)| *thread != me && since.elapsed() < PRINTS_WITHIN)
    }
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
        let still = Still::hold();
        let passage = passage();
        (still.nobody_departs() && !passage.somebody_prints()).then_some(Quiet { still, passage })
    }
}

impl Drop for Wish {
    fn drop(&mut self) {
        passage().forking -= 1;
        CHANGED.notify_all();
    }
}

/// Nobody comes, goes, or prints while this is held. Whoever takes it has taken all other locks of ours before: who waits for it here holds none.
pub(super) struct Quiet {
    still: Still,
    passage: MutexGuard<'static, Passage>,
}

impl Quiet {
    /// In a forked child: nobody is here.
    pub(super) fn forget_the_parent(&mut self) {
        self.still.forget_the_parent();
        // But for this thread, which has yet to drop its wish.
        *self.passage = Passage { printing: Vec::new(), forking: 1 };
    }
}
