//! Threads of ours come and go through here.
//!
//! While a thread begins or ends, std holds locks of its own now and then. A child that is forked at such a moment inherits them locked, and
//! waits for ever when it starts a thread itself. So nobody forks while one of ours is on its way; see [`Quiet`].

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
pub(crate) use passage::{Quiet, wait_for_the_departing};

#[cfg(feature = "backend-processes")]
mod passage {
    use std::path::PathBuf;
    use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
    use std::time::{Duration, Instant};

    /// Who is on their way.
    struct Passage {
        arriving: usize,
        /// The system's numbers of those that end, or have ended.
        departing: Vec<libc::pid_t>,
    }

    // FORK: held, by `Quiet`.
    static PASSAGE: Mutex<Passage> = Mutex::new(Passage { arriving: 0, departing: Vec::new() });
    // FORK: nobody waits in a child that has just begun.
    static ARRIVED: Condvar = Condvar::new();

    /// A thread that ends is gone after microseconds. Longer than this none is waited for: its number may be another's by now.
    const PATIENCE: Duration = Duration::from_millis(200);

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
        passage().departing.push(nix::unistd::gettid().as_raw());
    }

    /// Nobody comes or goes while this is held. Whoever takes it has taken all other locks of ours before: who waits for it here holds none.
    pub(crate) struct Quiet(MutexGuard<'static, Passage>);

    impl Quiet {
        /// None: somebody is just ending, and may need one of the locks that the caller holds.
        pub(crate) fn hold() -> Option<Self> {
            let mut passage = passage();
            while passage.arriving > 0 {
                passage = ARRIVED.wait(passage).unwrap_or_else(PoisonError::into_inner);
            }
            passage.departing.is_empty().then_some(Self(passage))
        }

        /// In a forked child: nobody is here.
        pub(crate) fn forget_the_parent(&mut self) {
            self.0.departing.clear();
        }
    }

    /// Until all that have begun to end are gone. The caller holds no lock that one of them might need.
    pub(crate) fn wait_for_the_departing() {
        let departing = std::mem::take(&mut passage().departing);
        let since = Instant::now();
        for thread in departing {
            let entry = PathBuf::from(format!("/proc/self/task/{thread}"));
            while entry.exists() && since.elapsed() < PATIENCE {
                std::thread::yield_now();
            }
        }
    }
}
