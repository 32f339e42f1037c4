//! `#[io]`: calls that block. Where processes share their threads, the call runs elsewhere while others go on.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake, Waker};

use crate::backend::Park;
use crate::deadlock::Operation;
use crate::error::Cause;
use crate::process::context::Context;
use crate::process::here::current;

/// Runs a call that may block the thread for long.
pub fn io<R: Send>(call: impl FnOnce() -> R + Send) -> R {
    #[cfg(feature = "backend-coroutines")]
    // Of a process that unwinds the call is a plain one: there it may communicate no more than elsewhere in a `Drop`.
    if crate::backend::shares_its_thread() && !std::thread::panicking() {
        return elsewhere::run(call);
    }
    call()
}

/// Waits for a future. One that needs a runtime of its own, as tokio's do, has to enter that at each poll (`tokio_util`'s
/// `RuntimeExt::wrap`, `async-compat`): a guard that is held meanwhile is state of the thread, which coroutines share.
pub fn io_async<F: Future>(future: F) -> F::Output {
    current(|context| wait_for(context, future))
}

fn wait_for<F: Future>(context: &Context, future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal { given: AtomicBool::new(false), parker: context.parker() });
    let waker = Waker::from(signal.clone());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
            return output;
        }
        #[cfg(feature = "backend-coroutines")]
        let _relief = crate::backend::relieve(context);
        // SYNC signal: as below. A future that has asked at once to be polled again lets others run before.
        if signal.given.swap(false, Ordering::AcqRel) {
            crate::backend::yield_now();
            continue;
        }
        context.block_on(&Outside, true);
        // SYNC signal: what whoever gave it did before is seen by the next poll.
        while !signal.given.swap(false, Ordering::AcqRel) {
            context.parker().park(None);
        }
        context.unblock();
    }
}

/// Wakes a process that waits for a future.
struct Signal {
    given: AtomicBool,
    parker: &'static dyn Park,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        // SYNC signal: see `wait_for`.
        self.given.store(true, Ordering::Release);
        self.parker.unpark();
    }
}

/// Something outside the program's processes, which will end by itself: no deadlock hangs on it.
struct Outside;

impl Operation for Outside {
    fn is_pending(&self) -> bool {
        true
    }

    fn describe(&self, report: &mut dyn fmt::Write) -> fmt::Result {
        report.write_str("waits for input or output")
    }

    fn end(&self, _cause: &Cause) {}
}

/// On a helper thread.
#[cfg(feature = "backend-coroutines")]
mod elsewhere {
    use std::fmt;
    use std::panic::resume_unwind;

    use super::{Park, current};
    use crate::backend::{Job, NotStarted, calls};
    use crate::deadlock::{Operation, wake};
    use crate::error::Cause;
    use crate::process::context::{Context, run_for};
    use crate::rendezvous::decision::{Decision, Outcome};

    /// The call and its result, in the frame of the process that waits for it.
    struct Call<F, R> {
        call: Option<F>,
        result: Option<std::thread::Result<R>>,
        process: *const Context,
        ended: *const Decision,
        parker: &'static dyn Park,
    }

    /// The end of a call. Until then that is counted as a process that runs, unless it waits for processes itself.
    struct End;

    impl Operation for End {
        fn is_pending(&self) -> bool {
            true
        }

        fn describe(&self, report: &mut dyn fmt::Write) -> fmt::Result {
            report.write_str("waits for the end of its `#[io]` call")
        }

        fn end(&self, _cause: &Cause) {
            // It ends when that does, whose operation is ended.
        }
    }

    pub(super) fn run<F: FnOnce() -> R + Send, R: Send>(call: F) -> R {
        current(|context| {
            let ended = Decision::new();
            let mut frame = Call {
                call: Some(call),
                result: None,
                process: context,
                ended: &raw const ended,
                parker: context.parker(),
            };
            // The call may spawn processes.
            let _ = context.spawned();
            let frame = &raw mut frame;
            // SAFETY: the frame stays until the job has completed the decision, which is awaited below; nothing unwinds before, unless there is no job.
            let job = unsafe { Job::new(frame.cast(), run_call::<F, R>) };
            if let Err(NotStarted(why)) = calls::run(job) {
                panic!("a call that blocks finds no thread to run on: {why}");
            }
            context.block_on(&End, false);
            while ended.result().is_none() {
                if ended.prepare_to_park(false) {
                    context.parker().park(None);
                }
            }
            context.unblock();
            // What the call has met of poison, it has met.
            context.survey();
            // SAFETY: the job is over, and nobody else knows the frame.
            let result = unsafe { &mut *frame }.result.take();
            match result {
                Some(Ok(value)) => value,
                Some(Err(panic)) => resume_unwind(panic),
                None => unreachable!("the job leaves a result before it completes the decision"),
            }
        })
    }

    /// # Safety
    /// `frame` is a `Call<F, R>` whose owner waits for its decision.
    unsafe fn run_call<F: FnOnce() -> R, R>(frame: *mut ()) {
        let frame = frame.cast::<Call<F, R>>();
        // SAFETY: by the caller: nobody else uses this field.
        let call = unsafe { &mut (*frame).call }.take();
        // SAFETY: as above.
        let process = unsafe { (*frame).process };
        // SAFETY: the process waits, so it lives.
        let process = unsafe { &*process };
        // SAFETY: as above; it has its latch.
        let result = call.map(|call| unsafe { run_for(process, call) });
        // SAFETY: as above.
        unsafe { (*frame).result = result };
        // SAFETY: as above.
        let parker = unsafe { (*frame).parker };
        // SAFETY: as above.
        let ended = unsafe { (*frame).ended };
        // SAFETY: it stays until it is complete; then it and the frame may be gone, but the parker lives for ever.
        let sleep = unsafe { &*ended }.complete(0, Outcome::Met);
        wake(parker, sleep);
    }
}
