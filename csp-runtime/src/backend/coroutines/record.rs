//! A coroutine's record: what its worker, and whoever wakes it, know of it.

use std::cell::{Cell, RefCell};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicPtr;
use std::time::Instant;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::stack::SlabStack;
use super::worker::{Fresh, Worker};
use crate::backend::Park;
use crate::backend::posted::Posted;
use crate::process::context::{self, Context};

/// How much of a stack, and of the context on it, is fetched ahead: what a plain operation touches when it goes on.
const LINES_AHEAD: usize = 6;
const CONTEXT_LINES: usize = 3;

/// Records live for ever and are used again, so a wake-up that comes late reaches somebody, who looks and sleeps on.
///
/// All but the inbox's two fields belong to the worker's thread.
pub(super) struct Record {
    worker: &'static Worker,
    state: Cell<State>,
    /// An `unpark` came while it was not parked.
    notified: Cell<bool>,
    coroutine: RefCell<Option<Coroutine<(), (), (), SlabStack>>>,
    yielder: Cell<Option<NonNull<Yielder<(), ()>>>>,
    /// The context that was current when it was suspended.
    context: Cell<*const Context>,
    /// Where its stack stood when it last parked without a deadline: about there lies what it needs first when it goes on.
    top: Cell<*const u8>,
    /// When its park ends, if it stands among the timers.
    pub(super) deadline: Cell<Option<Instant>>,
    /// The one behind it in its worker's queue.
    pub(super) next: Cell<Option<&'static Record>>,
    /// It is in its worker's inbox.
    posted: Posted,
    /// The one below it there.
    pub(super) below: AtomicPtr<Record>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Ready,
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

impl Record {
    pub(super) fn new(worker: &'static Worker) -> &'static Self {
        Box::leak(Box::new(Self {
            worker,
            state: Cell::new(State::Ready),
            notified: Cell::new(false),
            coroutine: RefCell::new(None),
            yielder: Cell::new(None),
            context: Cell::new(ptr::null()),
            top: Cell::new(ptr::null()),
            deadline: Cell::new(None),
            next: Cell::new(None),
            posted: Posted::new(),
            below: AtomicPtr::new(ptr::null_mut()),
        }))
    }

    /// Gives the record a process to run.
    pub(super) fn begin(&'static self, fresh: Fresh) {
        let Fresh { job, stack } = fresh;
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            self.yielder.set(Some(NonNull::from(yielder)));
            job.run();
        });
        *self.coroutine.borrow_mut() = Some(coroutine);
        self.state.set(State::Ready);
    }

    /// Runs it until it suspends itself (false) or has ended (true).
    #[inline(always)]
    pub(super) fn resume(&'static self) -> bool {
        self.state.set(State::Running);
        RUNNING.set(Some(self));
        let around = context::exchange_current(self.context.get());
        let result = self.coroutine.borrow_mut().as_mut().map(|coroutine| coroutine.resume(()));
        self.context.set(context::exchange_current(around));
        RUNNING.set(None);
        match result {
            Some(CoroutineResult::Yield(())) => false,
            Some(CoroutineResult::Return(())) | None => {
                *self.coroutine.borrow_mut() = None;
                self.yielder.set(None);
                self.context.set(ptr::null());
                true
            }
        }
    }

    #[inline(always)]
    fn suspend(&self) {
        match self.yielder.get() {
            // SAFETY: set by the coroutine that runs now, and alive until it ends.
            Some(yielder) => unsafe { yielder.as_ref() }.suspend(()),
            None => may_not_wait(),
        }
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

    /// Parks it, which is the caller, without a deadline.
    #[inline(always)]
    pub(super) fn park_here(&self) {
        if !self.notified.take() {
            self.state.set(State::Parked);
            let here = 0_u8;
            self.top.set(&raw const here);
            self.suspend();
        }
    }

    /// It is going to run soon: of very many coroutines, the caches hold few.
    #[inline(always)]
    fn fetch_ahead(&self) {
        let top = self.top.get();
        for line in 0..LINES_AHEAD {
            prefetch(top.wrapping_add(line * 64).wrapping_sub(128));
        }
        let context = self.context.get().cast::<u8>();
        for line in 0..CONTEXT_LINES {
            prefetch(context.wrapping_add(line * 64));
        }
    }

    /// Goes to the end of the queue.
    pub(super) fn yield_now(&'static self) {
        self.state.set(State::Ready);
        self.worker.add_ready(self);
        self.suspend();
    }

    /// On its worker's thread: lets it run if it is parked, or keeps it from parking.
    pub(super) fn wake(&'static self) {
        if self.state.get() == State::Parked {
            self.state.set(State::Ready);
            self.fetch_ahead();
            self.worker.add_ready(self);
        } else {
            self.notified.set(true);
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
        if self.notified.take() {
            return;
        }
        let this = eternal(self);
        if let Some(until) = until {
            self.worker.timers().add(until, this);
        }
        self.state.set(State::Parked);
        self.suspend();
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

/// Asks for a cache line, without waiting for it. Any address will do.
#[inline(always)]
fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program sees, and never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

fn eternal(record: &Record) -> &'static Record {
    // SAFETY: only `Record::new` makes records, and it leaks them.
    unsafe { &*ptr::from_ref(record) }
}
