//! What the runtime knows about a process while it runs: its name, backend, wait, and whether its ends poison when dropped.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::latch::Latch;
use crate::backend::{self, Backend, Park};
use crate::deadlock::{self, Operation, Report};
use crate::error::{Cause, CauseKind};

/// A running process, or a thread that uses channels without being one (`main`, or a thread that we did not start).
pub(crate) struct Context {
    name: Cow<'static, str>,
    backend: Backend,
    /// The backend that somebody around us chose by name; branches inherit it.
    chosen: Option<Backend>,
    parker: &'static dyn Park,
    kind: ContextKind,
    /// Under `.catch()` the parent has the error, so a panic's ends retire.
    catching: bool,
    /// The latest channel operation met poison, and this is why.
    poison: RefCell<Option<Cause>>,
    /// Output expressions being evaluated for a claimed partner.
    committing: Cell<u32>,
    /// A nested process runs on this thread, in our place.
    covered: Cell<bool>,
    waiting: Mutex<Option<Waiting>>,
    /// How many waits have begun.
    waits: Cell<u64>,
    report: Mutex<Option<Arc<Report>>>,
    spawned: RefCell<Option<Arc<Latch>>>,
    /// Its place in the list of all contexts.
    pub(crate) slot: AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContextKind {
    /// A process: in the count of those that run.
    Process,
    /// The main thread.
    Main,
    /// A thread that we did not start.
    Foreign,
}

/// What a blocked process waits for. The operation lies in the process's frame, which cannot end while `waiting` is locked.
pub(crate) struct Waiting {
    operation: *const dyn Operation,
    /// How many waits of this process began up to this one.
    pub(crate) number: u64,
    pub(crate) timed: bool,
}

impl Waiting {
    pub(crate) fn operation(&self) -> &dyn Operation {
        // SAFETY: `unblock` takes the lock that the caller holds before the operation's frame ends.
        unsafe { &*self.operation }
    }
}

/// How a new process is to be set up.
pub(crate) struct Setup {
    pub(crate) name: Cow<'static, str>,
    pub(crate) backend: Backend,
    pub(crate) chosen: Option<Backend>,
    pub(crate) catching: bool,
}

thread_local! {
    static CURRENT: Cell<*const Context> = const { Cell::new(ptr::null()) };
    static ROOT: RootOfThread = const { RootOfThread(Cell::new(ptr::null_mut())) };
}

/// Runs `step` with the context of the running process; a thread outside any process gets one of its own.
#[inline]
pub(crate) fn current<R>(step: impl FnOnce(&Context) -> R) -> R {
    let mut context = CURRENT.get();
    if context.is_null() {
        context = root_of_this_thread();
    }
    // SAFETY: a process's context outlives its body, a root its thread; both reset `CURRENT` before they end.
    step(unsafe { &*context })
}

/// Runs `body` as a new process on this thread.
pub(crate) fn run_as<R>(setup: Setup, body: impl FnOnce() -> R) -> R {
    let around = CURRENT.get();
    let context = Context::new(setup.name, setup.backend, setup.chosen, ContextKind::Process, setup.catching);
    let _entered = Entered::new(&context, around);
    body()
}

/// Registers a context and makes it current; undoes both.
struct Entered<'a> {
    context: &'a Context,
    around: *const Context,
}

impl<'a> Entered<'a> {
    fn new(context: &'a Context, around: *const Context) -> Self {
        deadlock::register(context);
        // SAFETY: as in `current`.
        if let Some(around) = unsafe { around.as_ref() } {
            around.covered.set(true);
        }
        CURRENT.set(context);
        Self { context, around }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // A process ends only after what it spawned has ended.
        let spawned = self.context.spawned.take();
        if let Some(spawned) = spawned {
            spawned.wait_for_all(self.context);
        }
        CURRENT.set(self.around);
        // SAFETY: as in `current`.
        if let Some(around) = unsafe { self.around.as_ref() } {
            around.covered.set(false);
        }
        deadlock::unregister(self.context);
    }
}

/// The root context of a thread, freed when the thread ends.
struct RootOfThread(Cell<*mut Context>);

impl Drop for RootOfThread {
    fn drop(&mut self) {
        let root = self.0.get();
        if !root.is_null() {
            CURRENT.set(ptr::null());
            // SAFETY: made by `Box::into_raw` in `root_of_this_thread`, and no longer current.
            let root = unsafe { Box::from_raw(root) };
            deadlock::unregister(&root);
        }
    }
}

#[cold]
fn root_of_this_thread() -> *const Context {
    backend::threads::stack_is_fresh();
    let is_main = backend::threads::is_main_thread();
    let (kind, name) = match (is_main, std::thread::current().name()) {
        (true, _) => (ContextKind::Main, Cow::Borrowed("main")),
        (false, Some(name)) => (ContextKind::Foreign, Cow::Owned(format!("thread `{name}`"))),
        (false, None) => (ContextKind::Foreign, Cow::Borrowed("an unnamed thread")),
    };
    let root = Box::into_raw(Box::new(Context::new(name, backend::default::backend(None), None, kind, false)));
    // While the thread's locals are being destroyed there is nobody left to free it: then it is leaked.
    let _ = ROOT.try_with(|owner| owner.0.set(root));
    // SAFETY: just made, and never moved.
    deadlock::register(unsafe { &*root });
    CURRENT.set(root);
    root
}

impl Context {
    fn new(
        name: Cow<'static, str>,
        backend: Backend,
        chosen: Option<Backend>,
        kind: ContextKind,
        catching: bool,
    ) -> Self {
        Self {
            name,
            backend,
            chosen,
            parker: backend::parker(backend),
            kind,
            catching,
            poison: RefCell::new(None),
            committing: Cell::new(0),
            covered: Cell::new(false),
            waiting: Mutex::new(None),
            waits: Cell::new(0),
            report: Mutex::new(None),
            spawned: RefCell::new(None),
            slot: AtomicUsize::new(0),
        }
    }

    /// A process of a model test.
    #[cfg(all(test, loom))]
    pub(crate) fn of_model(parker: &'static dyn Park) -> Self {
        let name = Cow::Borrowed("model");
        Self { parker, ..Self::new(name, Backend::Threads, None, ContextKind::Process, false) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    pub(crate) fn chosen(&self) -> Option<Backend> {
        self.chosen
    }

    pub(crate) fn parker(&self) -> &'static dyn Park {
        self.parker
    }

    pub(crate) fn kind(&self) -> ContextKind {
        self.kind
    }

    /// Whether this is no process of ours, so that nobody above it would report a deadlock.
    pub(crate) fn is_root(&self) -> bool {
        self.kind != ContextKind::Process
    }

    /// Whether it counts among the running processes while it does not park.
    pub(crate) fn is_counted(&self) -> bool {
        self.kind == ContextKind::Process && backend::threads::is_ours()
    }

    pub(crate) fn is_covered(&self) -> bool {
        self.covered.get()
    }

    // ---- poison that a process carries to its other ends

    /// A channel operation succeeded: what went before is forgiven.
    #[inline]
    pub(crate) fn forgive(&self) {
        let mut poison = self.poison.borrow_mut();
        if poison.is_some() {
            *poison = None;
        }
    }

    /// A channel operation met poison.
    pub(crate) fn note_poison(&self, cause: &Cause) {
        *self.poison.borrow_mut() = Some(cause.clone());
    }

    /// Why an end that is dropped now poisons its channel, if it does.
    pub(crate) fn poison_on_drop(&self) -> Option<Cause> {
        if std::thread::panicking() {
            return (!self.catching).then(|| Cause::new(CauseKind::Panicked, self.name()));
        }
        self.poison.borrow().as_ref().map(|cause| cause.propagated_by(self.name()))
    }

    // ---- output expressions

    pub(crate) fn begin_commit(&self) {
        self.committing.set(self.committing.get() + 1);
    }

    pub(crate) fn end_commit(&self) {
        self.committing.set(self.committing.get().saturating_sub(1));
    }

    pub(crate) fn is_committing(&self) -> bool {
        self.committing.get() > 0
    }

    // ---- waiting

    pub(crate) fn block_on(&self, operation: &dyn Operation, timed: bool) {
        // SAFETY: only the lifetime is forgotten; `Waiting::operation` says why nobody sees it too late.
        let operation: *const (dyn Operation + 'static) =
            unsafe { std::mem::transmute::<&dyn Operation, &'static dyn Operation>(operation) };
        let number = self.waits.get() + 1;
        self.waits.set(number);
        *self.waiting() = Some(Waiting { operation, number, timed });
    }

    pub(crate) fn unblock(&self) {
        *self.waiting() = None;
    }

    pub(crate) fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ---- deadlock

    /// The report of a deadlock in which this root was blocked; the first one stays.
    pub(crate) fn deliver_report(&self, report: &Arc<Report>) {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| report.clone());
    }

    /// # Panics
    /// With the report, if the operation that just ended was ended by a deadlock.
    pub(crate) fn panic_if_deadlocked(&self) {
        if !self.is_root() {
            return;
        }
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(report) = report {
            std::panic::panic_any(report.to_string());
        }
    }

    // ---- spawned processes

    /// The latch of all that this process spawned.
    pub(crate) fn spawned(&self) -> Arc<Latch> {
        self.spawned.borrow_mut().get_or_insert_with(|| Arc::new(Latch::new(self.parker))).clone()
    }
}
