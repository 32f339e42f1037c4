//! Threads of ours come and go through here.
//!
//! While a thread begins or ends, and while a panic is printed, std holds locks of its own now and then. A child that is forked at such a moment
//! inherits them locked, and waits for ever when it starts a thread itself, or panics. So nobody forks while one of ours is on its way or prints;
//! see [`Quiet`].

use std::io;

use super::threads::{ALIVE, mark_as_ours};
use crate::sync::Ordering;

/// Starts a thread that runs `life`.
pub(super) fn start(name: String, stack: Option<usize>, life: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let arrival = Arrival::begin();
    // SYNC alive: counted before it can be seen among the system's threads; see `strangers`.
    ALIVE.fetch_add(1, Ordering::AcqRel);
    let body = move || {
        mark_as_ours();
        arrival.end();
        let _departure = Departure;
        life();
    };
    let builder = std::thread::Builder::new().name(name);
    let builder = stack.into_iter().fold(builder, std::thread::Builder::stack_size);
    builder.spawn(body).map(drop).inspect_err(|_| {
        // SYNC alive: as above.
        ALIVE.fetch_sub(1, Ordering::AcqRel);
    })
}

/// The thread is about to end.
struct Departure;

impl Drop for Departure {
    fn drop(&mut self) {
        #[cfg(feature = "backend-processes")]
        passage::depart();
        // SYNC alive: until the thread is gone it looks like a stranger's, which costs patience and no more.
        ALIVE.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(not(feature = "backend-processes"))]
struct Arrival;

#[cfg(not(feature = "backend-processes"))]
impl Arrival {
    fn begin() -> Self {
        Self
    }

    fn end(self) {}
}

#[cfg(feature = "backend-processes")]
use passage::Arrival;
#[cfg(feature = "backend-processes")]
pub(super) use passage::Printing;
#[cfg(feature = "backend-processes")]
pub(crate) use passage::{Quiet, wait_for_others};

#[cfg(feature = "backend-processes")]
mod passage {
    use std::path::PathBuf;
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
    use std::time::{Duration, Instant};

    /// Who is on their way.
    struct Passage {
        arriving: usize,
        /// The system's numbers of those that end, or have ended, and since when.
        departing: Vec<(libc::pid_t, Instant)>,
        /// So many hooks of panics run.
        printing: usize,
    }

    // FORK: held, by `Quiet`.
    static PASSAGE: Mutex<Passage> = Mutex::new(Passage { arriving: 0, departing: Vec::new(), printing: 0 });
    // FORK: nobody waits in a child that has just begun.
    static ARRIVED: Condvar = Condvar::new();

    /// A thread that ends is gone after microseconds. Longer than this none is waited for: its number may be another's by now.
    const PATIENCE: Duration = Duration::from_millis(200);
    /// Longer than this no hook is waited for: it may be waiting for the fork.
    const PATIENCE_WITH_HOOKS: Duration = Duration::from_secs(2);

    fn passage() -> MutexGuard<'static, Passage> {
        PASSAGE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thread is about to be started, until this is dropped.
    pub(in crate::backend) struct Arrival(());

    impl Arrival {
        pub(in crate::backend) fn begin() -> Self {
            passage().arriving += 1;
            Self(())
        }

        pub(in crate::backend) fn end(self) {}
    }

    impl Drop for Arrival {
        fn drop(&mut self) {
            passage().arriving -= 1;
            ARRIVED.notify_all();
        }
    }

    pub(in crate::backend) fn depart() {
        let (thread, now) = (nix::unistd::gettid().as_raw(), Instant::now());
        let departing = &mut passage().departing;
        departing.retain(|(_, since)| now.duration_since(*since) < PATIENCE);
        departing.push((thread, now));
    }

    /// A panic's hook runs, until this is dropped.
    pub(in crate::backend) struct Printing(());

    impl Printing {
        pub(in crate::backend) fn begin() -> Self {
            passage().printing += 1;
            Self(())
        }
    }

    impl Drop for Printing {
        fn drop(&mut self) {
            passage().printing -= 1;
        }
    }

    /// Nobody comes or goes while this is held. Whoever takes it has taken all other locks of ours before: who waits for it here holds none.
    pub(crate) struct Quiet(MutexGuard<'static, Passage>);

    impl Quiet {
        /// None: somebody is just ending, or prints, and may need one of the locks that the caller holds. `since`: when it first tried.
        pub(crate) fn hold(since: Instant) -> Option<Self> {
            let mut passage = passage();
            while passage.arriving > 0 {
                passage = ARRIVED.wait(passage).unwrap_or_else(PoisonError::into_inner);
            }
            let nobody_prints = passage.printing == 0 || since.elapsed() > PATIENCE_WITH_HOOKS;
            (nobody_prints && passage.departing.is_empty()).then_some(Self(passage))
        }

        /// In a forked child: nobody is here.
        pub(crate) fn forget_the_parent(&mut self) {
            self.0.departing.clear();
            self.0.printing = 0;
        }
    }

    /// Until all that have begun to end are gone, and for a moment if somebody prints. The caller holds no lock that one of them might need.
    pub(crate) fn wait_for_others() {
        let (departing, printing) = {
            let passage = passage();
            (passage.departing.clone(), passage.printing)
        };
        if printing > 0 {
            std::thread::yield_now();
        }
        for (thread, since) in &departing {
            let entry = PathBuf::from(format!("/proc/self/task/{thread}"));
            while entry.exists() && since.elapsed() < PATIENCE {
                std::thread::yield_now();
            }
        }
        // Only now: another one that forks is to wait for them too.
        passage().departing.retain(|one| !departing.contains(one));
    }
}
