//! What the runtime knows about a process while it runs: its name, backend, wait, and whether its ends poison when dropped.

#[cfg(feature = "backend-coroutines")]
mod call;

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "backend-coroutines")]
pub(crate) use call::run_for;

use super::here;
use super::latch::Latch;
use super::short_way::ShortWay;
use crate::backend::{self, Backend, Park};
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::channel::short::Standing;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::choice::Courtesy;
use crate::deadlock::{self, Operation, Report};
use crate::error::{Cause, CauseKind};
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::rendezvous::bias::Owner;

/// A running process, or a thread that uses channels without being one (`main`, or a thread that we did not start).
///
/// What a channel operation of a coroutine uses comes first, in two cache lines that processors like to fetch together.
#[repr(C, align(128))]
pub(crate) struct Context {
    head: Head,
    /// Its plain operation, while that waits; and how it is woken.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    pub(crate) standing: Standing,
    #[cfg(not(all(not(loom), feature = "backend-coroutines")))]
    parker: &'static dyn Park,
    /// Whether its choices let others go first.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    pub(crate) courtesy: Courtesy,
    /// What it waits for is timed.
    timed_here: Cell<bool>,
    /// Any other operation of a coroutine that waits.
    waiting_here: Cell<Option<NonNull<dyn Operation>>>,
    name: Cow<'static, str>,
    backend: Backend,
    /// The backend that somebody around us chose by name; branches inherit it.
    chosen: Option<Backend>,
    kind: ContextKind,
    /// It is in the count of those that run while it does not park.
    counted: bool,
    /// It is a coroutine: its worker's thread runs others while it parks.
    hosted: bool,
    /// Under `.catch()` the parent has the error, so a panic's ends retire.
    catching: bool,
    /// The latest channel operation met poison, and this is why.
    poison: RefCell<Option<Cause>>,
    /// Output expressions being evaluated for a claimed partner.
    committing: Cell<u32>,
    /// A nested process runs on this thread, in our place.
    covered: Cell<bool>,
    /// What it waits for, if it is no coroutine.
    waiting: Mutex<Option<Waiting>>,
    report: Mutex<Option<Arc<Report>>>,
    spawned: RefCell<Option<Arc<Latch>>>,
    /// Its place in the list of all contexts.
    pub(crate) slot: AtomicUsize,
}

/// What an operation asks first: all that there is where nobody is known to run.
#[repr(C)]
pub(super) struct Head {
    /// How many waits have begun. This and what else a coroutine says of its waiting, whose worker is counted as running then, is read by
    /// whoever judges a standstill, while none is, and no idle one can go on: see `deadlock::pass`.
    pub(super) waits: Cell<u64>,
    /// Open if it is a coroutine, has no poison to forgive, and evaluates no output expression.
    pub(super) short_way: ShortWay,
    /// When it has last chosen, against all ends of its choices: see `choice/stamp.rs`.
    pub(super) clock: Cell<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContextKind {
    /// A process: in the count of those that run.
    Process,
    /// The main thread.
    Main,
    /// A thread that we did not start.
    Foreign,
    /// A call of a process, on a thread of ours that may end before what the process has started.
    #[cfg(feature = "backend-coroutines")]
    Call,
    /// A thread of ours, between two processes.
    Ours,
}

/// What a blocked process waits for. The operation lies in the process's frame, which cannot end while `waiting` is locked,
/// or, of a coroutine, while its worker is held up.
#[derive(Clone, Copy)]
pub(crate) struct Waiting {
    operation: *const dyn Operation,
    /// How many waits of this process began up to this one.
    pub(crate) number: u64,
    pub(crate) timed: bool,
}

impl Waiting {
    pub(crate) fn operation(&self) -> &dyn Operation {
        // SAFETY: only seen in `with_waiting`, while the operation's frame cannot end: see above.
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
    static ROOT: RootOfThread = const { RootOfThread(Cell::new(ptr::null_mut())) };
}

/// Runs `body` as a new process on this thread.
pub(crate) fn run_as<R>(setup: Setup, body: impl FnOnce() -> R) -> R {
    let around = here::which_is_current();
    let context = Context::new(
        setup.name,
        setup.backend,
        setup.chosen,
        ContextKind::Process,
        setup.catching,
        backend::parker(setup.backend),
    );
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
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        context.standing.settle();
        deadlock::register(context);
        if let Some(around) = here::somebody(around) {
            // SAFETY: it is current again once this one has ended, so it lives.
            unsafe { around.as_ref() }.covered.set(true);
        }
        here::make_current(context);
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
        here::make_current(self.around);
        if let Some(around) = here::somebody(self.around) {
            // SAFETY: it is current again once this one has ended, so it lives.
            unsafe { around.as_ref() }.covered.set(false);
        }
        deadlock::unregister(self.context);
    }
}

/// The root context of a thread, freed when the thread ends.
struct RootOfThread(Cell<*mut Context>);

impl Drop for RootOfThread {
    fn drop(&mut self) {
        if let Some(root) = NonNull::new(self.0.get()) {
            // SAFETY: made by `root_of_this_thread`; nobody runs here any more.
            unsafe { free_root(root) };
        }
    }
}

/// # Safety
/// It was made by [`root_of_this_thread`], on this thread, and whoever it was made for is over.
pub(super) unsafe fn free_root(root: NonNull<Context>) {
    here::make_nobody_current();
    let _ = ROOT.try_with(|owner| owner.0.replace(ptr::null_mut()));
    // SAFETY: made by `Box::into_raw`, and no longer current.
    let root = unsafe { Box::from_raw(root.as_ptr()) };
    deadlock::unregister(&root);
}

#[cold]
pub(super) fn root_of_this_thread() -> *const Context {
    backend::threads::stack_is_fresh();
    let kind = match () {
        () if backend::threads::is_main_thread() => ContextKind::Main,
        () if backend::threads::is_ours() => ContextKind::Ours,
        () => ContextKind::Foreign,
    };
    let name = match (kind, std::thread::current().name()) {
        (ContextKind::Main, _) => Cow::Borrowed("main"),
        (_, Some(name)) => Cow::Owned(format!("thread `{name}`")),
        (_, None) => Cow::Borrowed("an unnamed thread"),
    };
    let backend = backend::default::backend(None);
    let root = Box::into_raw(Box::new(Context::new(name, backend, None, kind, false, backend::parker(backend))));
    // While the thread's locals are being destroyed there is nobody left to free it, nor to say that the thread has ended: then it is
    // leaked, and not registered, which makes the thread a stranger.
    if ROOT.try_with(|owner| owner.0.set(root)).is_ok() {
        // SAFETY: just made, and never moved.
        deadlock::register(unsafe { &*root });
    }
    here::make_current(root);
    root
}

/// The operation, without its lifetime: `Waiting::operation` says why nobody sees it too late.
fn eternal(operation: &dyn Operation) -> NonNull<dyn Operation> {
    // SAFETY: only the lifetime is forgotten; it is followed as said above.
    NonNull::from(unsafe { std::mem::transmute::<&dyn Operation, &'static dyn Operation>(operation) })
}

impl Context {
    fn new(
        name: Cow<'static, str>,
        backend: Backend,
        chosen: Option<Backend>,
        kind: ContextKind,
        catching: bool,
        parker: &'static dyn Park,
    ) -> Self {
        Self {
            head: Head {
                waits: Cell::new(0),
                short_way: ShortWay::new(kind == ContextKind::Process && backend == Backend::Coroutines),
                clock: Cell::new(0),
            },
            name,
            backend,
            chosen,
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            standing: Standing::new(parker),
            #[cfg(not(all(not(loom), feature = "backend-coroutines")))]
            parker,
            kind,
            // Of coroutines, their worker is counted.
            counted: kind == ContextKind::Process && backend != Backend::Coroutines && backend::threads::is_ours(),
            hosted: kind == ContextKind::Process && backend == Backend::Coroutines,
            catching,
            poison: RefCell::new(None),
            committing: Cell::new(0),
            covered: Cell::new(false),
            waiting: Mutex::new(None),
            waiting_here: Cell::new(None),
            timed_here: Cell::new(false),
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            courtesy: Courtesy::new(),
            report: Mutex::new(None),
            spawned: RefCell::new(None),
            slot: AtomicUsize::new(0),
        }
    }

    /// A process of a model test.
    #[cfg(all(test, any(loom, csp_steps)))]
    pub(crate) fn of_model(parker: &'static dyn Park, hosted: bool) -> Self {
        let name = Cow::Borrowed("model");
        Self { hosted, ..Self::new(name, Backend::Threads, None, ContextKind::Process, false, parker) }
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

    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn parker(&self) -> &'static dyn Park {
        self.standing.parker()
    }

    #[cfg(not(all(not(loom), feature = "backend-coroutines")))]
    pub(crate) fn parker(&self) -> &'static dyn Park {
        self.parker
    }

    pub(crate) fn kind(&self) -> ContextKind {
        self.kind
    }

    /// Whether this is no process of ours, so that nobody above it would report a deadlock.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.kind, ContextKind::Main | ContextKind::Foreign)
    }

    /// Whether it counts among the running processes while it does not park.
    pub(crate) fn is_counted(&self) -> bool {
        self.counted
    }

    pub(crate) fn is_hosted(&self) -> bool {
        self.hosted
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
            drop(poison);
            self.survey();
        }
    }

    /// A channel operation met poison.
    pub(crate) fn note_poison(&self, cause: &Cause) {
        *self.poison.borrow_mut() = Some(cause.clone());
        self.survey();
    }

    /// Whose coroutine it is, if its plain operations go the short way.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn worker(&self) -> Owner {
        self.head.short_way.worker()
    }

    /// When it has last chosen.
    #[inline(always)]
    pub(crate) fn clock(&self) -> &Cell<u64> {
        &self.head.clock
    }

    /// Whether plain operations go the short way from now on.
    pub(crate) fn survey(&self) {
        self.head.short_way.open_if(self.hosted && self.committing.get() == 0 && self.poison.borrow().is_none());
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
        self.head.short_way.open_if(false);
    }

    pub(crate) fn end_commit(&self) {
        self.committing.set(self.committing.get().saturating_sub(1));
        self.survey();
    }

    pub(crate) fn is_committing(&self) -> bool {
        self.committing.get() > 0
    }

    // ---- waiting

    #[inline]
    pub(crate) fn block_on(&self, operation: &dyn Operation, timed: bool) {
        if self.hosted {
            self.timed_here.set(timed);
            self.count_wait();
            return self.waiting_here.set(Some(eternal(operation)));
        }
        #[cfg(feature = "backend-coroutines")]
        if self.kind == ContextKind::Call {
            self.timed_here.set(timed);
            if !timed {
                backend::calls::step_aside();
            }
        }
        let operation = eternal(operation).as_ptr();
        let number = self.count_wait();
        *self.lock_waiting() = Some(Waiting { operation, number, timed });
    }

    pub(crate) fn unblock(&self) {
        if self.hosted {
            self.timed_here.set(false);
            self.waiting_here.set(None);
            return;
        }
        *self.lock_waiting() = None;
        #[cfg(feature = "backend-coroutines")]
        if self.kind == ContextKind::Call && !self.timed_here.get() {
            backend::calls::come_back();
        }
    }

    /// One more wait begins; how many there were, with this one. (Of one that waits in `standing`, that place says the rest.)
    #[inline(always)]
    pub(crate) fn count_wait(&self) -> u64 {
        let number = self.head.waits.get() + 1;
        self.head.waits.set(number);
        number
    }

    /// What a coroutine waits for.
    fn hosted_operation(&self) -> Option<NonNull<dyn Operation>> {
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        if self.standing.is_pending() {
            return Some(eternal(&self.standing));
        }
        self.waiting_here.get()
    }

    fn lock_waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it waits for, shown to `step` by whoever judges a standstill.
    pub(crate) fn with_waiting<R>(&self, step: impl FnOnce(Option<&Waiting>) -> R) -> R {
        if !self.hosted {
            return step(self.lock_waiting().as_ref());
        }
        let (number, timed) = (self.head.waits.get(), self.timed_here.get());
        let waiting = self.hosted_operation().map(|operation| Waiting { operation: operation.as_ptr(), number, timed });
        step(waiting.as_ref())
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
        #[cfg(feature = "backend-processes")]
        if let Some(report) = crate::shared::judge::take_report().filter(|_| report.is_none()) {
            std::panic::panic_any(report);
        }
        if let Some(report) = report {
            std::panic::panic_any(report.to_string());
        }
    }

    // ---- spawned processes

    /// The latch of all that this process spawned.
    pub(crate) fn spawned(&self) -> Arc<Latch> {
        self.spawned.borrow_mut().get_or_insert_with(|| Arc::new(Latch::new(self.parker(), self.hosted))).clone()
    }
}

/// In a forked child: nobody is running yet.
#[cfg(feature = "backend-processes")]
pub(crate) fn forget_the_parent() {
    here::make_nobody_current();
    let _ = ROOT.try_with(|owner| owner.0.set(ptr::null_mut()));
}
