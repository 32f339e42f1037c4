//! Processes that their starter does not wait for at once: `spawn!`, handles, and scopes.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::branch::{Branch, Detached, One, Runnable, Slot};
use super::context::Context;
use super::here::current;
use super::latch::Latch;
use super::outcome::{Payload, raise_again};
use super::par::{ParSettings, not_started, placement};
#[cfg(feature = "backend-processes")]
use crate::backend::Backend;
#[cfg(feature = "backend-processes")]
use crate::backend::processes::{Birth, Ending, ForkedJob, Legacy};
use crate::backend::{self, Job};

/// A started process. Dropping the handle lets the process run on alone.
pub struct Handle<O> {
    ended: Arc<Latch>,
    /// Until it is dropped.
    result: Option<Arc<Outcome<O>>>,
    name: String,
    unclaimed: Unclaimed,
}

/// How a process ended, once it has.
pub(super) type Outcome<O> = Mutex<Option<Result<O, Payload>>>;

/// In a scope: the first panic that no handle will be asked for, and its process's name.
pub(super) type Unclaimed = Option<Arc<Mutex<Option<(String, Payload)>>>>;

/// The handle and its process give up the outcome, each once. Whoever is the last one leaves a panic to the scope: of two that only looked whether the other
/// one has been there, both might miss it.
fn give_up<O>(result: Arc<Outcome<O>>, unclaimed: &Unclaimed, name: &str) {
    let outcome = Arc::into_inner(result).and_then(|last| last.into_inner().unwrap_or_else(PoisonError::into_inner));
    if let (Some(Err(payload)), Some(first)) = (outcome, unclaimed) {
        lock(first).get_or_insert_with(|| (name.to_owned(), payload));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<O> Handle<O> {
    /// Waits for the process to end, and takes its output.
    ///
    /// # Blocking
    /// Until it has ended.
    ///
    /// # Panics
    /// If the process panicked, with its name; and outside any process, if a deadlock ended it.
    #[track_caller]
    pub fn join(self) -> O {
        current(|context| {
            self.ended.wait_for_all_at(context, Location::caller());
            context.panic_if_deadlocked();
        });
        let result = self.result.as_ref().and_then(|result| lock(result).take());
        match result {
            Some(Ok(output)) => output,
            Some(Err(payload)) => raise_again(&self.name, payload),
            None => unreachable!("the process has ended, and its output is taken once"),
        }
    }
}

impl<O> Drop for Handle<O> {
    fn drop(&mut self) {
        if let Some(result) = self.result.take() {
            give_up(result, &self.unclaimed, &self.name);
        }
    }
}

impl<O> std::fmt::Debug for Handle<O> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Handle of process `{}`", self.name)
    }
}

/// Starts a process and goes on. The spawner, if it is a process, ends only after it.
///
/// # Panics
/// If the process cannot be started: it is dropped, which poisons its channels.
#[track_caller]
pub fn spawn<B, R>(settings: ParSettings, process: B) -> Handle<R::Output>
where
    B: Branch<Frame = One<R>>,
    R: Runnable + 'static,
{
    let at = Location::caller();
    current(|context| {
        let spawner = context.spawned();
        // SAFETY: nothing is borrowed by a `'static` process.
        unsafe { start(context, settings, process.frame(), spawner, None, at) }
    })
}

/// # Safety
/// What the process borrows outlives the wait for `spawner`.
unsafe fn start<R: Runnable>(
    context: &Context,
    settings: ParSettings,
    mut frame: One<R>,
    spawner: Arc<Latch>,
    unclaimed: Unclaimed,
    at: &'static Location<'static>,
) -> Handle<R::Output> {
    let (backend, chosen) = placement(context, frame.meta().backend, settings);
    frame.prepare(backend, chosen);
    let (stack, name) = (frame.meta().stack_size, frame.name().to_owned());
    let ended = Arc::new(Latch::shared());
    let result = Arc::new(Mutex::new(None));
    ended.add();
    spawner.add();
    let detached =
        Detached { frame, own: ended.clone(), spawner, result: result.clone(), unclaimed: unclaimed.clone() };
    #[cfg(feature = "backend-processes")]
    let birth = Birth::of(detached.frame.meta());
    let data = Box::into_raw(Box::new(detached));
    #[cfg(feature = "backend-processes")]
    if backend == Backend::Processes {
        let job = ForkedJob {
            data: data.cast(),
            visit: visit_detached::<R>,
            run: run_detached_forked::<R>,
            finish: finish_detached::<R>,
        };
        if let Err(why) = backend::processes::launch(job, &birth) {
            // SAFETY: not launched, so it is ours again.
            let detached = unsafe { Box::from_raw(data) };
            detached.spawner.end_one();
            not_started(context, detached);
            panic!("{at}: process `{name}` could not be started: {}", why.0);
        }
        return Handle { ended, result: Some(result), name, unclaimed };
    }
    // SAFETY: the box is given up by exactly one of the job and the line below.
    let job = unsafe { Job::new(data.cast(), run_detached::<R>) };
    if let Err(why) = backend::launch(backend, job, stack, 0) {
        // SAFETY: not launched, so it is ours again.
        let detached = unsafe { Box::from_raw(data) };
        detached.spawner.end_one();
        not_started(context, detached);
        panic!("{at}: process `{name}` could not be started: {}", why.0);
    }
    #[cfg(feature = "backend-coroutines")]
    backend::let_fresh_begin(context);
    Handle { ended, result: Some(result), name, unclaimed }
}

/// # Safety
/// `data` is a boxed `Detached<R>` that has not run.
#[cfg(feature = "backend-processes")]
unsafe fn visit_detached<R: Runnable>(data: *mut (), visit: &mut dyn crate::process::Visit) {
    // SAFETY: by the caller.
    let frame = unsafe { &raw mut (*data.cast::<Detached<R>>()).frame };
    // SAFETY: by the caller.
    unsafe { One::<R>::visit_forked(frame.cast(), visit) };
}

/// # Safety
/// `data` is the child's copy of a boxed `Detached<R>` that has not run.
#[cfg(feature = "backend-processes")]
unsafe fn run_detached_forked<R: Runnable>(data: *mut ()) -> Legacy {
    // SAFETY: by the caller.
    let frame = unsafe { &raw mut (*data.cast::<Detached<R>>()).frame };
    // SAFETY: by the caller.
    unsafe { One::<R>::run_forked(frame.cast()) }
}

/// # Safety
/// `data` is a boxed `Detached<R>` that a child has run, and that is given up here.
#[cfg(feature = "backend-processes")]
unsafe fn finish_detached<R: Runnable>(data: *mut (), ending: Ending) {
    // SAFETY: by the caller.
    let mut detached = *unsafe { Box::from_raw(data.cast::<Detached<R>>()) };
    // SAFETY: by the caller.
    unsafe { detached.frame.take_over(ending) };
    detached.tell();
}

/// # Safety
/// `data` is a boxed `Detached<R>` that is given up here.
unsafe fn run_detached<R: Runnable>(data: *mut ()) {
    // SAFETY: by the caller.
    let mut detached = *unsafe { Box::from_raw(data.cast::<Detached<R>>()) };
    detached.frame.run_here();
    detached.tell();
}

impl<R: Runnable> Detached<R> {
    /// The process has ended: its outcome goes to who waits for it.
    fn tell(self) {
        let Detached { frame, own, spawner, result, unclaimed } = self;
        let name = frame.name().to_owned();
        *lock(&result) = frame.into_result();
        // An output that nobody will ask for may borrow from the spawner's scope: it goes before the spawner is told.
        give_up(result, &unclaimed, &name);
        drop(unclaimed);
        own.end_one();
        drop(own);
        spawner.end_one();
    }
}

/// Starts processes that may borrow from the enclosing frame. Made by [`scope`].
pub struct Scope<'scope, 'env: 'scope> {
    latch: Arc<Latch>,
    unclaimed: Unclaimed,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a process that ends before the scope does.
    ///
    /// # Panics
    /// If it cannot be started: it is dropped, which poisons its channels.
    #[track_caller]
    pub fn spawn<B, R>(&'scope self, process: B) -> Handle<R::Output>
    where
        B: Branch<Frame = One<R>>,
        R: Runnable + 'scope,
    {
        let at = Location::caller();
        // SAFETY: `scope` waits for the latch before anything that outlives `'scope` can end.
        current(|context| unsafe {
            start(context, ParSettings::new(), process.frame(), self.latch.clone(), self.unclaimed.clone(), at)
        })
    }
}

impl std::fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Scope")
    }
}

/// Runs `body`, which may spawn processes into the scope, and waits until all of them have ended, also if `body` panics.
///
/// # Examples
/// ```
/// use csp_runtime::prelude::*;
///
/// #[process]
/// fn squares(numbers: &[u32], out: Sender<u32>) {
///     for n in numbers {
///         out.send(n * n)?;
///     }
/// }
///
/// let numbers = vec![1, 2, 3];
/// let (out, received) = channel();
/// let sum: u32 = scope(|s| {
///     s.spawn(squares(&numbers, out));
///     received.iter().sum()
/// });
/// assert_eq!(sum, 14);
/// ```
///
/// # Panics
/// Once the processes have ended: if `body` panicked, or a process did whose handle was not joined.
#[track_caller]
pub fn scope<'env, R>(body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R) -> R {
    let at = Location::caller();
    current(|context| {
        let latch = Arc::new(Latch::new(context.parker(), context.is_hosted()).placed(at));
        let unclaimed = Some(Arc::new(Mutex::new(None)));
        let scope = Scope { latch, unclaimed, scope: PhantomData, env: PhantomData };
        let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
        scope.latch.wait_for_all(context);
        context.panic_if_deadlocked();
        let result = result.unwrap_or_else(|payload| resume_unwind(payload));
        let unclaimed = scope.unclaimed.as_ref().and_then(|first| lock(first).take());
        match unclaimed {
            Some((name, payload)) => raise_again(&name, payload),
            None => result,
        }
    })
}
