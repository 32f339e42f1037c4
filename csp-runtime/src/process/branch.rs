//! Branches: what may stand in `par!`, and the frames in which they run.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use super::block::Block;
use super::context::{Setup, run_as};
#[cfg(feature = "backend-processes")]
use super::forked;
use super::latch::Latch;
use super::outcome::{Payload, raise_again};
use super::spawn::{Outcome, Unclaimed};
use super::stretches;
use super::value::{Caught, Meta, Process};
use super::visit::Visitor;
#[cfg(feature = "backend-processes")]
use crate::backend::processes::{Ending, ForkedJob, Legacy};
use crate::backend::{Backend, Job};
use crate::message::Message;

/// One process that may be run.
pub trait Runnable: Send {
    /// What its body gives.
    type Raw: Message;
    /// What its branch gives.
    type Output: Send;
    #[doc(hidden)]
    fn meta(&self) -> &Meta;
    #[doc(hidden)]
    fn execute(self) -> Self::Raw;
    /// Tells what it takes along.
    #[doc(hidden)]
    fn visit(&self, visitor: &mut Visitor<'_>);
    /// It has run in another OS process, where what it owned was dropped: only memory is given back.
    #[cfg(feature = "backend-processes")]
    #[doc(hidden)]
    fn release(self);
    #[doc(hidden)]
    fn conclude(result: Result<Self::Raw, Payload>, name: &str) -> Result<Self::Output, Payload>;
}

/// What may be a branch of `par!`: a process, an inline block, or several of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no process, so it cannot be a branch",
    label = "not a process",
    note = "a branch is a call of a `#[process]` function, an inline block `{{ … }}`, `n * process(…)`, or `for … => process(…)`"
)]
pub trait Branch {
    /// What the branch yields.
    type Outputs;
    #[doc(hidden)]
    type Frame: Frame<Outputs = Self::Outputs>;
    #[doc(hidden)]
    fn frame(self) -> Self::Frame;
}

/// Asks of an expression that it is a [`Branch`], so that the compiler blames it if not.
pub fn branch<B: Branch>(branch: B) -> B {
    branch
}

/// Nested pairs of branches, as the macros write them.
pub trait Branches {
    #[doc(hidden)]
    type Frame: Frame;
    #[doc(hidden)]
    fn frame(self) -> Self::Frame;
}

/// The place in which branches run, and where they leave their outputs.
pub trait Frame {
    /// What they yield.
    type Outputs;
    /// Visits each process, in order, with the number of its stretch.
    #[doc(hidden)]
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn Slot, usize));
    /// What the processes left; a panic goes on.
    #[doc(hidden)]
    fn outputs(self) -> Self::Outputs;
}

/// One process's place in a frame.
#[allow(private_interfaces, reason = "only this crate calls or implements it; it is public because `Branch` is")]
pub trait Slot {
    #[doc(hidden)]
    fn meta(&self) -> &Meta;
    /// Settles how it will run.
    #[doc(hidden)]
    fn prepare(&mut self, backend: Backend, chosen: Option<Backend>);
    /// The backend that was settled.
    #[doc(hidden)]
    fn backend(&self) -> Backend;
    /// The process as a job; it tells `latch` that it has ended.
    #[doc(hidden)]
    fn job(&mut self, latch: *const Latch) -> Job;
    /// Tells what it takes along, before it runs.
    #[doc(hidden)]
    fn visit(&self, visitor: &mut Visitor<'_>);
    /// The process as a job for a forked child; it tells `latch` that it has ended.
    #[cfg(feature = "backend-processes")]
    #[doc(hidden)]
    fn forked_job(&mut self, latch: *const Latch) -> ForkedJob;
    /// Runs it on this thread.
    #[doc(hidden)]
    fn run_here(&mut self);
    /// Drops it without running it.
    #[doc(hidden)]
    fn discard(&mut self);
    /// Whether it has panicked.
    #[doc(hidden)]
    fn panicked(&self) -> bool;
}

/// The frame of one process.
pub struct One<R: Runnable> {
    state: State<R>,
    name: Cow<'static, str>,
    setup: (Backend, Option<Backend>),
    latch: *const Latch,
}

enum State<R: Runnable> {
    Ready(R),
    Gone,
    Ended(Result<R::Output, Payload>),
}

impl<R: Runnable> One<R> {
    pub(super) fn new(runnable: R) -> Self {
        let this = Self::of_many(runnable);
        this.look();
        this
    }

    fn look(&self) {
        #[cfg(all(test, not(loom)))]
        if let State::Ready(runnable) = &self.state {
            super::visit_tests::look(runnable);
        }
    }

    /// For a frame of several, which is made later.
    fn of_many(runnable: R) -> Self {
        let name = runnable.meta().name.clone();
        Self { state: State::Ready(runnable), name, setup: (Backend::Threads, None), latch: ptr::null() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The output, or the panic, if it has run.
    pub(super) fn into_result(self) -> Option<Result<R::Output, Payload>> {
        match self.state {
            State::Ended(result) => Some(result),
            State::Ready(_) | State::Gone => None,
        }
    }

    /// # Safety
    /// `this` is a `One<R>` that nobody else uses until its latch has been told.
    unsafe fn run_job(this: *mut ()) {
        // SAFETY: by the caller.
        let this = unsafe { &mut *this.cast::<Self>() };
        let latch = this.latch;
        this.run_here();
        // SAFETY: the latch outlives the job that it waits for; the frame may be gone after this.
        unsafe { &*latch }.end_one();
    }
}

/// As a forked process.
#[cfg(feature = "backend-processes")]
impl<R: Runnable> One<R> {
    /// Shows what the process takes along.
    ///
    /// # Safety
    /// `this` is a `One<R>` that has not run.
    pub(super) unsafe fn visit_forked(this: *mut (), visit: &mut dyn super::visit::Visit) {
        // SAFETY: by the caller.
        if let State::Ready(runnable) = &unsafe { &*this.cast::<Self>() }.state {
            runnable.visit(&mut super::visit::Visitor::new(visit));
        }
    }

    /// In the child: runs the process.
    ///
    /// # Safety
    /// `this` is the child's copy of a `One<R>` that has not run.
    pub(super) unsafe fn run_forked(this: *mut ()) -> Legacy {
        // SAFETY: by the caller.
        let this = unsafe { &mut *this.cast::<Self>() };
        let State::Ready(runnable) = std::mem::replace(&mut this.state, State::Gone) else { return Legacy::NOTHING };
        let targets = forked::targets(&runnable);
        let (backend, chosen) = this.setup;
        let setup = Setup { name: this.name.clone(), backend, chosen, catching: runnable.meta().catching };
        let result = run_as(setup, || catch_unwind(AssertUnwindSafe(|| runnable.execute())));
        // SAFETY: the process is over, and with it its use of what was behind its `&mut`.
        unsafe { forked::leave::<R::Raw>(result, &targets) }
    }

    /// In the parent: takes over what the child has left.
    ///
    /// # Safety
    /// `this` is a `One<R>` that a child has run; its latch has not been told.
    unsafe fn finish_forked(this: *mut (), ending: Ending) {
        // SAFETY: by the caller.
        let this = unsafe { &mut *this.cast::<Self>() };
        let latch = this.latch;
        // SAFETY: by the caller.
        unsafe { this.take_over(ending) };
        // SAFETY: the latch outlives the job that it waits for; the frame may be gone after this.
        unsafe { &*latch }.end_one();
    }

    /// # Safety
    /// A child has run the process.
    pub(super) unsafe fn take_over(&mut self, ending: Ending) {
        let State::Ready(runnable) = std::mem::replace(&mut self.state, State::Gone) else { return };
        let targets = forked::targets(&runnable);
        runnable.release();
        // SAFETY: who lent the targets waits for us.
        let result = unsafe { forked::take_over::<R::Raw>(ending, &targets) };
        self.state = State::Ended(R::conclude(result, &self.name));
    }
}

#[allow(private_interfaces, reason = "as for the trait")]
impl<R: Runnable> Slot for One<R> {
    fn meta(&self) -> &Meta {
        match &self.state {
            State::Ready(runnable) => runnable.meta(),
            _ => unreachable!("asked only before it runs"),
        }
    }

    fn prepare(&mut self, backend: Backend, chosen: Option<Backend>) {
        self.setup = (backend, chosen);
    }

    fn backend(&self) -> Backend {
        self.setup.0
    }

    fn job(&mut self, latch: *const Latch) -> Job {
        self.latch = latch;
        // SAFETY: `par`, `spawn` and `scope` keep the frame in place until the latch has been told.
        unsafe { Job::new(ptr::from_mut(self).cast(), Self::run_job) }
    }

    fn visit(&self, visitor: &mut Visitor<'_>) {
        if let State::Ready(runnable) = &self.state {
            runnable.visit(visitor);
        }
    }

    #[cfg(feature = "backend-processes")]
    fn forked_job(&mut self, latch: *const Latch) -> ForkedJob {
        self.latch = latch;
        ForkedJob {
            data: ptr::from_mut(self).cast(),
            visit: Self::visit_forked,
            run: Self::run_forked,
            finish: Self::finish_forked,
        }
    }

    fn run_here(&mut self) {
        let State::Ready(runnable) = std::mem::replace(&mut self.state, State::Gone) else { return };
        let (backend, chosen) = self.setup;
        let setup = Setup { name: self.name.clone(), backend, chosen, catching: runnable.meta().catching };
        // The panic ends here: nobody parks, and no latch is told, while a thread is panicking.
        let result = run_as(setup, || catch_unwind(AssertUnwindSafe(|| runnable.execute())));
        self.state = State::Ended(R::conclude(result, &self.name));
    }

    fn discard(&mut self) {
        self.state = State::Gone;
    }

    fn panicked(&self) -> bool {
        matches!(self.state, State::Ended(Err(_)))
    }
}

impl<R: Runnable> Frame for One<R> {
    type Outputs = R::Output;

    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn Slot, usize)) {
        visit(self, 0);
    }

    fn outputs(self) -> R::Output {
        match self.state {
            State::Ended(Ok(output)) => output,
            State::Ended(Err(payload)) => raise_again(&self.name, payload),
            State::Ready(_) | State::Gone => unreachable!("`par` asks for outputs only if all branches have run"),
        }
    }
}

/// The frame of several processes of one kind.
pub struct Several<R: Runnable> {
    all: Vec<One<R>>,
    /// How many are in a stretch.
    stretch: usize,
}

impl<R: Runnable> Frame for Several<R> {
    type Outputs = Vec<R::Output>;

    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn Slot, usize)) {
        for (number, stretch) in self.all.chunks_mut(self.stretch).enumerate() {
            stretch.iter_mut().for_each(|one| visit(one, number));
        }
    }

    fn outputs(self) -> Vec<R::Output> {
        self.all.into_iter().map(Frame::outputs).collect()
    }
}

impl Frame for () {
    type Outputs = ();

    fn each(&mut self, _visit: &mut dyn FnMut(&mut dyn Slot, usize)) {}

    fn outputs(self) {}
}

impl<F: Frame, G: Frame> Frame for (F, G) {
    type Outputs = (F::Outputs, G::Outputs);

    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn Slot, usize)) {
        self.0.each(visit);
        self.1.each(visit);
    }

    fn outputs(self) -> Self::Outputs {
        (self.0.outputs(), self.1.outputs())
    }
}

impl Branches for () {
    type Frame = ();

    fn frame(self) {}
}

impl<B: Branch, Rest: Branches> Branches for (B, Rest) {
    type Frame = (B::Frame, Rest::Frame);

    fn frame(self) -> Self::Frame {
        (self.0.frame(), self.1.frame())
    }
}

impl<A: Send, O: Message> Branch for Process<A, O> {
    type Outputs = O;
    type Frame = One<Self>;

    fn frame(self) -> One<Self> {
        One::new(self)
    }
}

impl<F: FnOnce() -> O + Send, O: Message> Branch for Block<F> {
    type Outputs = O;
    type Frame = One<Self>;

    fn frame(self) -> One<Self> {
        One::new(self)
    }
}

impl<P: Runnable> Branch for Caught<P> {
    type Outputs = <Self as Runnable>::Output;
    type Frame = One<Self>;

    fn frame(self) -> One<Self> {
        One::new(self)
    }
}

/// Several processes of one kind: their frame, as it grows.
#[must_use]
pub struct Replicated<R: Runnable>(Vec<One<R>>);

impl<R: Runnable> fmt::Debug for Replicated<R> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} processes", self.0.len())
    }
}

/// No processes yet.
pub fn replicated<R: Runnable>() -> Replicated<R> {
    Replicated(Vec::new())
}

/// `n` of `process`: n−1 clones, then the original; with n = 0 it is dropped.
pub fn replicate<R: Runnable + Clone>(n: usize, process: R) -> Replicated<R> {
    let mut processes = Vec::with_capacity(n);
    for _ in 1..n {
        processes.push(One::of_many(process.clone()));
    }
    if n > 0 {
        processes.push(One::of_many(process));
    }
    Replicated(processes)
}

impl<R: Runnable> Replicated<R> {
    /// Adds one.
    pub fn push(&mut self, process: R) {
        self.0.push(One::of_many(process));
    }
}

impl<R: Runnable> Branch for Replicated<R> {
    type Outputs = Vec<R::Output>;
    type Frame = Several<R>;

    fn frame(self) -> Several<R> {
        self.0.iter().for_each(One::look);
        Several { stretch: stretches::length(&self.0), all: self.0 }
    }
}

/// The frame of a process that outlives its starter's frame.
pub(super) struct Detached<R: Runnable> {
    pub(super) frame: One<R>,
    /// Where its output goes.
    pub(super) result: Arc<Outcome<R::Output>>,
    /// Where its panic goes if nobody will ask for it.
    pub(super) unclaimed: Unclaimed,
    /// Told first: who joins it.
    pub(super) own: Arc<Latch>,
    /// Told last: who spawned it.
    pub(super) spawner: Arc<Latch>,
}
