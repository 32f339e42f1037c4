//! A coroutine's record: what its worker, and whoever wakes it, know of it.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::time::Instant;

use super::ahead::{self, Ahead, Beside, Followed};
use super::nursery::Fresh;
use super::queue;
use super::switch::{Coroutine, IS_DIRECT};
use super::worker::{self, Worker};
use crate::backend::Park;
use crate::backend::posted::Posted;
use crate::fetch;
use crate::process::context::Context;
use crate::process::here;

const MADE_AT_ONCE: usize = 32;

/// Records live for ever and are used again, so a wake-up that comes late reaches somebody, who looks and sleeps on.
///
/// All but the inbox's two fields belong to the worker's thread. What a switch needs lies in one cache line, the first.
#[repr(C, align(64))]
pub(super) struct Record {
    /// The one behind it in its worker's queue.
    pub(super) next: Cell<Option<&'static Record>>,
    worker: &'static Worker,
    /// Whom of this worker's it has completed last, which is most often whom it will meet the next time.
    partner: Cell<Option<&'static Self>>,
    /// On which channel that was.
    channel: Cell<*const u8>,
    /// In a large crowd, whose turn it was some turns later, and most often will be again.
    far: Cell<Option<&'static Self>>,
    state: Cell<State>,
    /// It runs on its worker's stack for now.
    is_away: Cell<bool>,
    /// What it touched when it was completed last: most often the same as the next time.
    ahead: Cell<Beside>,
    /// It begins with where it goes on, if the switch is ours, and so in the first line.
    coroutine: Coroutine,
    /// Its worker, for those who wake it from another thread: on the second line, to which its owner seldom writes. (Beside corosensei's
    /// coroutine there is no room for it.)
    #[cfg(all(target_arch = "x86_64", not(csp_corosensei)))]
    home: &'static Worker,
    /// When its park ends, if it stands among the timers.
    pub(super) deadline: Cell<Option<Instant>>,
    /// It is in its worker's inbox.
    posted: Posted,
    /// The one below it there.
    pub(super) below: AtomicPtr<Record>,
}

const _: () = assert!(size_of::<Record>() <= 128);
const _: () = assert!(std::mem::offset_of!(Record, posted) >= 64);
#[cfg(all(target_arch = "x86_64", not(csp_corosensei)))]
const _: () = assert!(std::mem::offset_of!(Record, home) >= 64);
const _: () = assert!(std::mem::offset_of!(Record, coroutine) + 2 * size_of::<*const u8>() <= 64);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It runs, or is about to.
    Going,
    /// The same, and an `unpark` came meanwhile: its next [`park`](Park::park) ends at once.
    Notified,
    Parked,
    /// Its process has ended.
    Ended,
}

// SAFETY: other threads use only `posted` and `below`, which are atomic, and `worker`, which never changes: see `unpark`.
unsafe impl Sync for Record {}

/// The record of the coroutine that runs on this thread.
#[inline]
pub(super) fn running() -> Option<&'static Record> {
    worker::this()?.running()
}

impl Record {
    /// Some for this thread, which is `worker`'s: side by side, so that they take no more than their own room.
    pub(super) fn some(worker: &'static Worker) -> &'static [Self] {
        Vec::leak((0..MADE_AT_ONCE).map(|_| Self::new(worker)).collect())
    }

    fn new(worker: &'static Worker) -> Self {
        Self {
            next: Cell::new(None),
            worker,
            #[cfg(all(target_arch = "x86_64", not(csp_corosensei)))]
            home: worker,
            partner: Cell::new(None),
            channel: Cell::new(ptr::null()),
            far: Cell::new(None),
            state: Cell::new(State::Ended),
            is_away: Cell::new(false),
            ahead: Cell::new(Beside::default()),
            coroutine: Coroutine::new(),
            deadline: Cell::new(None),
            posted: Posted::new(),
            below: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Gives the record a process to run.
    pub(super) fn begin(&'static self, fresh: Fresh) {
        let Fresh { job, stack } = fresh;
        let body = move || {
            here::make_nobody_current();
            job.run();
            // SAFETY: that was all.
            unsafe { here::end_coroutine() };
            self.state.set(State::Ended);
        };
        self.state.set(State::Going);
        // SAFETY: only those that are free, and so have none, are given one. A job does not unwind: a branch catches its panic.
        unsafe { self.coroutine.begin(stack, body) };
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

    /// By its worker: runs it, and whomever it hands the thread to, until one of them comes back to the worker. That one stays the
    /// running one until another is resumed, or the worker falls idle.
    #[inline(always)]
    pub(super) fn resume(&'static self) {
        self.worker.set_running(Some(self));
        // SAFETY: the caller is the worker, which has taken it out of its queue.
        unsafe { self.coroutine.resume() };
    }

    /// Gives up what it had for its process, if that has ended (true), so that it can have another one.
    #[inline(always)]
    pub(super) fn clear_if_ended(&self) -> bool {
        let has_ended = self.state.get() == State::Ended;
        if has_ended {
            // SAFETY: its end is said by itself, before it leaves its stack for its worker, which asks.
            unsafe { self.coroutine.clear() };
        }
        has_ended
    }

    /// Whether it can hand the thread to the next one, which [`next`](Self::next) tells: if the worker has nothing to see to.
    #[inline(always)]
    fn may_hand_on(&self) -> bool {
        IS_DIRECT && self.worker.may_hand_on()
    }

    #[inline(always)]
    fn next(&self, may_hand_on: bool) -> Option<&'static Self> {
        if may_hand_on { self.worker.hand_on() } else { None }
    }

    /// Others run until it is resumed, first `next`, or the worker. `context` is the current one, which they change.
    #[inline(always)]
    fn suspend(&self, next: Option<&'static Self>, context: *const Context) {
        match next {
            Some(next) => {
                debug_assert!(!self.is_away.get(), "the next turn is the worker's: see `claim_next_turn`");
                // SAFETY: it is the one that runs, on its own stack, as the turn would else be the worker's; and that one was in the queue.
                unsafe { self.coroutine.go_to(&next.coroutine) };
            }
            None => self.go_back(),
        }
        here::make_current(context);
    }

    #[inline(always)]
    fn go_back(&self) {
        if self.is_away.get() {
            may_not_wait();
        }
        // SAFETY: it is the one that runs, and on its own stack.
        unsafe { self.coroutine.suspend() };
    }

    /// Whether it runs on its own stack, as it does but for [`on_workers_stack`](Self::on_workers_stack).
    pub(super) fn may_suspend(&self) -> bool {
        !self.is_away.get()
    }

    /// Runs `call` on the stack of its worker, which lies idle below the frame that has resumed it. The caller is this
    /// coroutine. It may not be suspended meanwhile, as the worker would go on where `call` has its frames.
    pub(super) fn on_workers_stack(&self, call: impl FnOnce() + Send) {
        // Whoever is called in turn (a hook's own panic) is on that stack already.
        if self.is_away.replace(true) {
            return call();
        }
        self.worker.claim_next_turn();
        // SAFETY: it is the one that runs, on its own stack, and nobody can suspend it.
        unsafe { self.coroutine.on_workers_stack(call) };
        self.is_away.set(false);
    }

    /// Parks it, which is the caller, without a deadline. `context` is the current one.
    ///
    /// A wake-up that came while it ran told it of nothing that it has not seen: it looked just now at what it waits for, or has just begun to wait,
    /// and nobody else on this thread has run since.
    #[inline(always)]
    pub(super) fn park_here(&'static self, context: *const Context) {
        self.state.set(State::Parked);
        self.suspend(self.next(self.may_hand_on()), context);
    }

    /// [`wake`](Self::wake) by the coroutine that runs, which has just completed it.
    #[inline(always)]
    pub(super) fn wake_with(&'static self, ahead: Ahead) {
        if ahead::pays() {
            self.ahead.set(ahead.beside(self.coroutine.top()));
            if let Some(running) = self.worker.running() {
                running.partner.set(Some(self));
                running.channel.set(ahead.channel);
            }
            if !queue::holds_several() {
                self.ahead.get().fetch_frame(self.coroutine.top());
                if ahead::is_far() {
                    self.fetch_far();
                } else {
                    self.fetch_follower();
                }
            }
        }
        self.wake();
    }

    /// Its turn is at once. It may meet its partner then, as the last time, and that one its own: of a chain, the link after next is fetched, as
    /// the next one was when it was that.
    #[inline(always)]
    fn fetch_follower(&self) {
        if let Some(follower) = self.partner.get().and_then(|next| next.partner.get()) {
            follower.fetch_ahead();
            if let Some(last) = follower.partner.get() {
                ahead::fetch_record(last);
            }
        }
    }

    /// The same in a large crowd. There it would take as long as a turn to go from link to link, as each must have come before it tells the next: so each
    /// tells of one that is far behind, whose record is fetched now, its page some turns later, together with those of others, and the rest of what it
    /// will touch shortly before its turn.
    #[inline(always)]
    fn fetch_far(&'static self) {
        let Followed { before, between, ends_group } = ahead::follow(self);
        if ends_group {
            touch_next_group();
        }
        if let Some(before) = before.filter(|before| !before.far.get().is_some_and(|far| ptr::eq(far, self))) {
            before.far.set(Some(self));
        }
        if let Some(far) = self.far.get() {
            ahead::fetch_record(far);
        }
        if let Some(near) = between.and_then(|between| between.far.get()) {
            near.fetch_ahead();
            ahead::fetch_channel(near.channel.get());
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
        self.ahead.get().fetch_all(self.coroutine.top());
    }

    /// Goes to the end of the queue.
    pub(super) fn yield_now(&'static self) {
        self.yield_for(here::which_is_current());
    }

    /// The same, if `context` is the current one.
    #[inline(always)]
    pub(super) fn yield_for(&'static self, context: *const Context) {
        // Whoever is found to have been met comes before it.
        let may_hand_on = self.may_hand_on();
        queue::add(self);
        match self.next(may_hand_on) {
            Some(next) if ptr::eq(next, self) => {}
            next => self.suspend(next, context),
        }
    }

    /// On its worker's thread: lets it run if it is parked, or keeps it from parking.
    #[inline(always)]
    pub(super) fn wake(&'static self) {
        if self.state.get() == State::Parked {
            self.state.set(State::Going);
            queue::add(self);
        } else {
            self.state.set(State::Notified);
        }
    }

    /// Its worker, told on that one's thread.
    #[inline(always)]
    pub(super) fn worker(&self) -> &'static Worker {
        self.worker
    }

    /// Its worker, told to another thread.
    #[inline(always)]
    fn home(&self) -> &'static Worker {
        #[cfg(all(target_arch = "x86_64", not(csp_corosensei)))]
        return self.home;
        #[cfg(not(all(target_arch = "x86_64", not(csp_corosensei))))]
        self.worker
    }

    /// Its worker is about to take it out of the inbox, into which another thread has put it.
    #[inline]
    pub(super) fn expect_leave(&self) {
        fetch::line_to_write((&raw const self.posted).cast(), 0);
        ahead::fetch_written(self.coroutine.top());
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
            self.worker.set_timer(until, this);
        }
        self.state.set(State::Parked);
        this.suspend(this.next(this.may_hand_on()), here::which_is_current());
        if self.deadline.get().is_some() {
            self.worker.clear_timer(this);
        }
    }

    fn expect_unpark(&self) {
        fetch::line_to_write((&raw const self.posted).cast(), 0);
    }

    fn unpark(&self) {
        let this = eternal(self);
        let worker = self.home();
        if worker.is_this_thread() {
            this.wake();
        } else if self.posted.enter() {
            worker.post(this);
        }
    }
}

/// In a large crowd: the stacks of those who come behind those that were touched last.
#[inline(never)]
fn touch_next_group() {
    ahead::tellers().filter_map(|teller| teller.far.get()).for_each(|far| ahead::touch_stack(far.coroutine.top()));
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
