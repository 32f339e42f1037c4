//! A thread that forks for those who cannot: coroutines, and threads that may end before the child.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Birth, ForkedJob, NotStarted, fork};
use crate::backend::Park;
use crate::process::here::current;
use crate::process::outcome::message_of;
use crate::rendezvous::decision::{Decision, Outcome};

struct Request {
    job: ForkedJob,
    birth: *const Birth,
    answer: *mut Option<Result<(), NotStarted>>,
    answered: *const Decision,
    parker: &'static dyn Park,
}

// SAFETY: what the pointers lead to stays in the frame of whoever asks, and waits for the answer.
unsafe impl Send for Request {}

struct Desk {
    started: bool,
    requests: Vec<Request>,
}

// FORK: held, by `hold`.
static DESK: Mutex<Desk> = Mutex::new(Desk { started: false, requests: Vec::new() });
// FORK: nobody waits in a child that has just begun.
static CALLED: Condvar = Condvar::new();

fn desk() -> MutexGuard<'static, Desk> {
    DESK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// [`fork::fork`] on the forker's thread. The caller waits.
pub(super) fn fork(job: ForkedJob, birth: &Birth) -> Result<(), NotStarted> {
    current(|context| {
        let mut answer = None;
        let answered = Decision::new();
        {
            let mut desk = desk();
            if !desk.started {
                crate::backend::start_helper("csp-forker", serve)?;
                desk.started = true;
            }
            let request = Request {
                job,
                birth,
                answer: &raw mut answer,
                answered: &raw const answered,
                parker: context.parker(),
            };
            desk.requests.push(request);
            CALLED.notify_one();
        }
        #[cfg(feature = "backend-coroutines")]
        let _relief = crate::backend::relieve(context);
        while !answered.is_news() {
            if answered.prepare_to_park(false) {
                context.parker().park(None);
            }
        }
        answer.unwrap_or(Ok(()))
    })
}

fn serve() {
    loop {
        let request = {
            let mut desk = desk();
            loop {
                if let Some(request) = desk.requests.pop() {
                    break request;
                }
                desk = CALLED.wait(desk).unwrap_or_else(PoisonError::into_inner);
            }
        };
        // SAFETY: whoever asks waits.
        let birth = unsafe { &*request.birth };
        let answer = catch_unwind(AssertUnwindSafe(|| fork::fork(request.job, birth)));
        let answer = answer.unwrap_or_else(|panic| Err(NotStarted(message_of(&*panic))));
        // SAFETY: as above.
        unsafe { *request.answer = Some(answer) };
        let parker = request.parker;
        // SAFETY: as above; it may be gone when this returns.
        let sleep = unsafe { &*request.answered }.complete(0, Outcome::Met);
        crate::deadlock::wake(parker, sleep);
    }
}

/// The requests, held by a thread that forks.
pub(super) struct Lock(MutexGuard<'static, Desk>);

pub(super) fn hold() -> Lock {
    Lock(desk())
}

impl Lock {
    /// A child has no such thread.
    pub(super) fn forget_the_parent(&mut self) {
        self.0.started = false;
        self.0.requests.clear();
    }
}
