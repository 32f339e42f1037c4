//! Calls that block, on threads of ours: no more at a time than is set, the others wait for their turn. (A call that waits for processes counts for none.)
//!
//! On threads of ours, and not on those of a library's pool, as they begin and end where no fork can come between (`passage.rs`), are no
//! strangers to whoever judges a standstill, and are there in a forked process as well.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Job, NotStarted, pool};
use crate::{config, deadlock};

/// What a call may expect of a thread, however small the stacks of processes are.
const STACK: usize = 2 << 20;
/// How long a thread waits for another call before it ends.
const KEEP: Duration = Duration::from_secs(2);

pub(super) struct Calls {
    waiting: VecDeque<Job>,
    /// Threads that run calls, but those that have stepped aside.
    threads: usize,
    /// Those of them that have none to run, or have not seen it yet.
    idle: usize,
}

// FORK: held, by `hold`.
static CALLS: Mutex<Calls> = Mutex::new(Calls { waiting: VecDeque::new(), threads: 0, idle: 0 });
// FORK: nobody waits in a child that has just begun.
static ONE_MORE: Condvar = Condvar::new();

/// How many calls run: a hint.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn under_way() -> usize {
    UNDER_WAY.load(Ordering::Relaxed)
}

/// The call that this thread runs is about to wait for processes: its place is another call's until [`come_back`], which may be what it waits for.
pub(crate) fn step_aside() {
    UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    let mut calls = calls();
    calls.threads -= 1;
    if !calls.waiting.is_empty() {
        // If none is to be had, those that there are will come to it.
        let _ = calls.bring_a_thread();
    }
}

pub(crate) fn come_back() {
    UNDER_WAY.fetch_add(1, Ordering::Relaxed);
    calls().threads += 1;
}

/// By default enough for calls that wait for a disk or for somebody; each takes a thread's memory.
fn most() -> usize {
    config::effective().io_calls
}

fn calls() -> MutexGuard<'static, Calls> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `call` on another thread, now or as soon as another call is over. Until then it counts as a process that runs.
///
/// # Errors
/// If no thread is to be had, and none runs a call.
pub(crate) fn run(call: Job) -> Result<(), NotStarted> {
    let mut calls = calls();
    calls.bring_a_thread()?;
    deadlock::resume_one();
    calls.waiting.push_back(call);
    Ok(())
}

impl Calls {
    /// For one of those that wait. The thread brings another one if it finds more of them: so many short calls take few threads.
    fn bring_a_thread(&mut self) -> Result<(), NotStarted> {
        if self.idle > 0 {
            ONE_MORE.notify_one();
        } else if self.threads < most() {
            match pool::start_thread(config::effective().stack_size.max(STACK), serve) {
                Ok(()) => self.threads += 1,
                // Those that there are will come to it.
                Err(_) if self.threads > 0 => {}
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }
}

fn serve() {
    let mut calls = calls();
    loop {
        if let Some(call) = calls.waiting.pop_front() {
            if !calls.waiting.is_empty() {
                // There is a thread: this one.
                let _ = calls.bring_a_thread();
            }
            drop(calls);
            UNDER_WAY.fetch_add(1, Ordering::Relaxed);
            call.run();
            UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
            deadlock::end_one();
            calls = self::calls();
            // Others have taken this one's place while it had stepped aside.
            if calls.threads > most() {
                calls.threads -= 1;
                return;
            }
            continue;
        }
        calls.idle += 1;
        let nothing = |calls: &mut Calls| calls.waiting.is_empty();
        calls = ONE_MORE.wait_timeout_while(calls, KEEP, nothing).unwrap_or_else(PoisonError::into_inner).0;
        calls.idle -= 1;
        if calls.waiting.is_empty() {
            calls.threads -= 1;
            drop(calls);
            // It may have been the last that ran.
            deadlock::look_again();
            return;
        }
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
    /// In a forked child: neither those threads nor whoever waits for the calls are here.
    pub(super) fn forget_the_parent(&mut self) {
        UNDER_WAY.store(0, Ordering::Relaxed);
        *self.0 = Calls { waiting: VecDeque::new(), threads: 0, idle: 0 };
    }
}
