//! Threads of ours come and go through here, but not while somebody forks: see `passage.rs`.

use std::io;

#[cfg(feature = "backend-processes")]
use super::passage::{Arrival, depart};
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
        depart();
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
