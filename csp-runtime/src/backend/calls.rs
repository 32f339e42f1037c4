//! Calls that block, on threads of ours: no more than [`MOST`] at a time, the others wait for their turn.
//!
//! On threads of ours, and not on those of a library's pool, as they begin and end where no fork can come between (`threshold.rs`), are no
//! strangers to whoever judges a standstill, and are there in a forked process as well.

use std::collections::VecDeque;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Job, NotStarted, threads};
use crate::deadlock;

/// Enough for calls that wait for a disk or for somebody; each takes a thread's memory.
const MOST: usize = 512;

pub(super) struct Calls {
    /// Those for which no thread was free.
    waiting: VecDeque<Job>,
    /// Threads that run calls.
    threads: usize,
}

// FORK: held, by `hold`.
static CALLS: Mutex<Calls> = Mutex::new(Calls { waiting: VecDeque::new(), threads: 0 });

fn calls() -> MutexGuard<'static, Calls> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `call` on another thread, now or as soon as another call is over.
///
/// # Errors
/// If no thread is to be had, and none runs a call.
pub(crate) fn run(call: Job) -> Result<(), NotStarted> {
    let mut calls = calls();
    if calls.threads < MOST {
        // SAFETY: it takes no data.
        let serve = unsafe { Job::new(ptr::null_mut(), serve) };
        match threads::launch(serve, None) {
            Ok(()) => calls.threads += 1,
            Err(_) if calls.threads > 0 => {}
            Err(why) => return Err(why),
        }
    }
    calls.waiting.push_back(call);
    Ok(())
}

/// Runs calls until none waits.
///
/// # Safety
/// Nothing is asked for: it is unsafe as the run of any job is.
unsafe fn serve(_: *mut ()) {
    loop {
        let mut calls = calls();
        let Some(call) = calls.waiting.pop_front() else {
            calls.threads -= 1;
            return;
        };
        drop(calls);
        // Whoever waits for it has hope until it is over: it need not count as a process that runs, and as a rule it needs no core.
        deadlock::uncount_one();
        call.run();
        deadlock::resume_one();
    }
}

/// The calls, held by a thread that forks.
#[cfg(feature = "backend-processes")]
pub(super) struct Lock(MutexGuard<'static, Calls>);

#[cfg(feature = "backend-processes")]
pub(super) fn hold() -> Lock {
    Lock(calls())
}

#[cfg(feature = "backend-processes")]
impl Lock {
    /// In a forked child: those who wait for them are not here.
    pub(super) fn forget_the_parent(&mut self) {
        self.0.waiting.clear();
        self.0.threads = 0;
    }
}
