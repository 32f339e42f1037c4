//! A coroutine's record: what its worker, and whoever wakes it, know of it.

use std::cell::{Cell, UnsafeCell};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicPtr;
use std::time::Instant;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::ahead::{self, Ahead};
use super::stack::SlabStack;
use super::worker::{Fresh, Worker, add_ready, are_several_ready};
use crate::backend::Park;
use crate::backend::posted::Posted;
use crate::process::context::{self, Context};

const MADE_AT_ONCE: usize = 32;

/// Records live for ever and are used again, so a wake-up that comes late reaches somebody, who looks and sleeps on.
///
/// All but the inbox's two fields belong to the worker's thread. What a switch needs lies in one cache line.
#[repr(C, align(64))]
pub(super) struct Record {
    /// Used by `begin` and `resume` alone, of which none runs within another.
    coroutine: UnsafeCell<Option<Coroutine<(), (), (), SlabStack>>>,
    yielder: Cell<Option<NonNull<Yielder<(), ()>>>>,
    /// The one behind it in its worker's queue.
    pub(super) next: Cell<Option<&'static Record>>,
    state: Cell<State>,
    worker: &'static Worker,
    /// When its park ends, if it stands among the timers.
    pub(super) deadline: Cell<Option<Instant>>,
    /// It is in its worker's inbox.
    posted: Posted,
    /// The one below it there.
    pub(super) below: AtomicPtr<Record>,
    /// What it touched when it was completed last: most often the same as the next time.
    ahead: Cell<Ahead>,
    /// Whom of this worker's it has completed last, which is most often whom it will meet the next time.
    partner: Cell<Option<&'static Self>>,
}

const _: () = assert!(size_of::<Record>() <= 128);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It runs, or is about to.
    Going,
    /// The same, and an `unpark` came meanwhile: its next park ends at once.
    Notified,
    Parked,
}

// SAFETY: other threads use only `posted` and `below`, which are atomic, and `worker`, which never changes: see `unpark`.
unsafe impl Sync for Record {}

thread_local! {
    static RUNNING: Cell<Option<&'static Record>> = const { Cell::new(None) };
}

/// The record of the coroutine that runs on this thread.
#[inline]
pub(super) fn running() -> Option<&'static Record> {
    RUNNING.get()
}

/// No coroutine runs on this thread.
pub(super) fn rest() {
    RUNNING.set(None);
    context::make_current(ptr::null());
}

impl Record {
    /// Some for this thread, which is `worker`'s: side by side, so that they take no more than their own room.
    pub(super) fn some(worker: &'static Worker) -> &'static [Self] {
        Vec::leak((0..MADE_AT_ONCE).map(|_| Self::new(worker)).collect())
    }

    fn new(worker: &'static Worker) -> Self {
        Self {
            coroutine: UnsafeCell::new(None),
            yielder: Cell::new(None),
            next: Cell::new(None),
            state: Cell::new(State::Going),
            worker,
            deadline: Cell::new(None),
            posted: Posted::new(),
            below: AtomicPtr::new(ptr::null_mut()),
            ahead: Cell::new(Ahead::UNKNOWN),
            partner: Cell::new(None),
        }
    }

    /// Gives the record a process to run.
    pub(super) fn begin(&'static self, fresh: Fresh) {
        let Fresh { job, stack } = fresh;
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            context::make_current(ptr::null());
            self.yielder.set(Some(NonNull::from(yielder)));
            job.run();
        });
        // SAFETY: nobody else uses it now.
        unsafe { *self.coroutine.get() = Some(coroutine) };
        self.state.set(State::Going);
    }

    /// The record behind a parker.
    ///
    /// # Safety
    /// The parker is a record.
    #[inline(always)]
    pub(super) unsafe fn behind(parker: &'static dyn Park) -> &'static Self {
        // SAFETY: by the caller.
        unsafe { &*ptr::from_ref(parker).cast::<Self>() }
    }

    /// Runs it until it suspends itself (false) or has ended (true). It stays the running one until another is resumed, or [`rest`].
    #[inline(always)]
    pub(super) fn resume(&'static self) -> bool {
        RUNNING.set(Some(self));
        // SAFETY: nobody else uses it now.
        let coroutine = unsafe { &mut *self.coroutine.get() };
        let result = coroutine.as_mut().map(|coroutine| coroutine.resume(()));
        match result {
            Some(CoroutineResult::Yield(())) => false,
            Some(CoroutineResult::Return(())) | None => {
                *coroutine = None;
                self.yielder.set(None);
                true
            }
        }
    }

    /// `context` is the current one, which the others that run meanwhile change.
    #[inline(always)]
    fn suspend(&self, context: *const Context) {
        match self.yielder.get() {
            // SAFETY: set by the coroutine that runs now, and alive until it ends.
            Some(yielder) => unsafe { yielder.as_ref() }.suspend(()),
            None => may_not_wait(),
        }
        context::make_current(context);
    }

    /// Whether it runs on its own stack, as it does but for [`on_workers_stack`](Self::on_workers_stack).
    pub(super) fn may_suspend(&self) -> bool {
        self.yielder.get().is_some()
    }

    /// Runs `call` on the stack of its worker, which lies idle below the frame that has resumed it. The caller is this
    /// coroutine. It may not be suspended meanwhile, as the worker would go on where `call` has its frames.
    pub(super) fn on_workers_stack(&self, call: impl FnOnce() + Send) {
        // Taken, so that nobody can suspend it. Whoever is called in turn (a hook's own panic) is on that stack already.
        let Some(yielder) = self.yielder.take() else { return call() };
        // SAFETY: set by the coroutine that runs now, and alive until it ends.
        unsafe { yielder.as_ref() }.on_parent_stack(call);
        self.yielder.set(Some(yielder));
    }

    /// Parks it, which is the caller, without a deadline. `context` is the current one.
    #[inline(always)]
    pub(super) fn park_here(&self, context: *const Context) {
        if self.state.get() == State::Notified {
            return self.state.set(State::Going);
        }
        self.state.set(State::Parked);
        self.suspend(context);
    }

    /// [`wake`](Self::wake) by the coroutine that runs, which has just completed it.
    #[inline(always)]
    pub(super) fn wake_with(&'static self, ahead: Ahead) {
        if ahead::pays() {
            self.ahead.set(ahead);
            if let Some(running) = running() {
                running.partner.set(Some(self));
            }
            if !are_several_ready() {
                self.fetch_followers();
            }
        }
        self.wake();
    }

    /// Its turn is at once. It may meet its partner then, as the last time, and that one its own: of a chain, the link after the next is fetched,
    /// as the next one was when it was that.
    #[inline(always)]
    fn fetch_followers(&self) {
        self.ahead.get().fetch_frame();
        if let Some(follower) = self.partner.get().and_then(|partner| partner.partner.get()) {
            follower.fetch_ahead();
            if let Some(last) = follower.partner.get() {
                ahead::fetch_record(last);
            }
        }
    }

    /// Its turn is soon, and it may meet its partner then.
    #[inline(always)]
    pub(super) fn fetch_with_partner(&self) {
        self.fetch_ahead();
        if let Some(partner) = self.partner.get() {
            partner.fetch_ahead();
        }
    }

    #[inline(always)]
    fn fetch_ahead(&self) {
        let top = self.yielder.get().map_or(ptr::null(), |yielder| yielder.as_ptr().cast_const());
        self.ahead.get().fetch_all(top.cast());
    }

    /// Goes to the end of the queue.
    pub(super) fn yield_now(&'static self) {
        self.yield_for(context::which_is_current());
    }

    /// The same, if `context` is the current one.
    #[inline(always)]
    pub(super) fn yield_for(&'static self, context: *const Context) {
        add_ready(self);
        self.suspend(context);
    }

    /// On its worker's thread: lets it run if it is parked, or keeps it from parking.
    #[inline(always)]
    pub(super) fn wake(&'static self) {
        if self.state.get() == State::Parked {
            self.state.set(State::Going);
            add_ready(self);
        } else {
            self.state.set(State::Notified);
        }
    }

    /// Its worker has taken it out of the inbox.
    #[inline]
    pub(super) fn leave_inbox(&'static self) {
        self.posted.leave();
        self.wake();
    }
}

impl Park for Record {
    /// Others have work for this thread.
    fn spin(&self, _attempt: u32) -> bool {
        false
    }

    fn park(&self, until: Option<Instant>) {
        if self.state.get() == State::Notified {
            return self.state.set(State::Going);
        }
        let this = eternal(self);
        if let Some(until) = until {
            self.worker.timers().add(until, this);
        }
        self.state.set(State::Parked);
        self.suspend(context::which_is_current());
        if self.deadline.get().is_some() {
            self.worker.timers().remove(this);
        }
    }

    fn unpark(&self) {
        let this = eternal(self);
        let worker = self.worker;
        if worker.is_this_thread() {
            this.wake();
        } else if self.posted.enter() {
            worker.post(this);
        }
    }
}

/// A panic hook waits, which would leave the worker's own stack in use when the worker goes on.
#[cold]
fn may_not_wait() -> ! {
    eprintln!("a panic hook may not wait for other processes");
    std::process::abort();
}

fn eternal(record: &Record) -> &'static Record {
    // SAFETY: only `Record::some` makes records, and it leaks them.
    unsafe { &*ptr::from_ref(record) }
}
