//! A worker: the loop that runs coroutines on one thread, and how it sleeps when it has none. See `PROTOCOL.md`.

mod fresh;
mod rest;

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::ahead;
use super::cpu_time::CpuTime;
use super::hatches::Hatches;
use super::inbox::Inbox;
use super::linger::Linger;
use super::nursery::{Fresh, Nursery};
use super::pace::Pace;
use super::queue;
use super::record::Record;
use super::row::Row;
use super::timers::Timers;
use super::vigil::Vigil;
use crate::backend::idleness::Idleness;
use crate::backend::{hook, threads, threshold};
use crate::deadlock;
use crate::rendezvous::across::Wait;
use crate::rendezvous::bias;

/// Fresh processes get every so-many-th turn even if others are ready.
const EVERY: u64 = 64;
/// The clock is read so often while there are timers, so that no communication starves them.
const TIMERS_EVERY: u64 = 8;
/// And so often anyhow: turns may have become long.
const PACE_EVERY: u64 = 8 * EVERY;
/// So many operations a process begins in one turn, if it need not wait: on a channel with a buffer, say, or where it only looks. Then it is others' turn.
const OPERATIONS: u32 = 8;

// For `next_multiple`.
const _: () = assert!(TIMERS_EVERY < EVERY && TIMERS_EVERY.is_power_of_two() && EVERY.is_power_of_two());

/// What the worker's thread alone uses, and what others may.
pub(super) struct Worker {
    turn: Turn,
    own: Own,
    /// Fresh processes that others have launched.
    fresh: Mutex<Row<Fresh>>,
    /// How many, to be asked without the lock.
    waiting: AtomicUsize,
    /// Fresh processes that its own coroutines have launched.
    nursery: Nursery,
    door: Door,
    thread: OnceLock<Thread>,
    /// The system's number of it.
    thread_number: OnceLock<i32>,
    cpu_time: OnceLock<CpuTime>,
    /// How many coroutines it had when it began one, or ran out of work, last.
    coroutines: AtomicUsize,
    /// Its place among the workers.
    number: usize,
}

/// What each switch uses, in one cache line.
#[repr(align(64))]
struct Turn {
    running: Cell<Option<&'static Record>>,
    /// How many turns it has taken: if they are few, processes hold it up (`workers.rs`).
    turns: AtomicU64,
    /// The turn that is the worker's own, for what is to be seen to now and then; of hatches, at once.
    due: Cell<u64>,
}

/// What those use who wake its coroutines from outside: apart from all that the worker changes at each turn, by two lines, which processors
/// like to fetch together.
#[repr(align(128))]
struct Door {
    /// Coroutines that other threads have woken.
    inbox: Inbox,
    idle: Idleness,
    /// It is awake, but has nothing to run: a hint for others that have nothing either.
    lingers: AtomicBool,
}

#[derive(Default)]
struct Own {
    timers: Timers,
    /// Records whose processes have ended.
    free: RefCell<Vec<&'static Record>>,
    /// How many records there are.
    made: Cell<usize>,
    linger: Linger,
    vigil: Vigil,
    hatches: Hatches,
    /// The turn that is the worker's own, but for hatches.
    due: Cell<u64>,
    /// How many operations have begun in a turn, and in which.
    operations: Cell<(u64, u32)>,
    /// Whom it has taken a fresh process from last, in which turn of that one.
    helped: Cell<Option<(&'static Worker, u64)>>,
    pace: Pace,
    /// Soon a fresh process begins, if there is one, whoever is ready.
    owes_fresh: Cell<bool>,
    /// The turn in which one did last.
    favoured: Cell<u64>,
}

// SAFETY: `own` and `turn`, but for `turns`, are used on the worker's thread alone: by `run`, by coroutines that it resumes, and by `Record`s after they
// have asked `is_this_thread`.
unsafe impl Sync for Worker {}
// SAFETY: as above; it is made on another thread, before its own starts.
unsafe impl Send for Worker {}

thread_local! {
    static THIS: Cell<Option<&'static Worker>> = const { Cell::new(None) };
}

/// The worker whose thread this is.
#[inline]
pub(super) fn this() -> Option<&'static Worker> {
    THIS.get()
}

impl Worker {
    pub(super) fn new(number: usize) -> Self {
        Self {
            turn: Turn { running: Cell::new(None), turns: AtomicU64::new(0), due: Cell::new(0) },
            own: Own::default(),
            fresh: Mutex::new(Row::new()),
            waiting: AtomicUsize::new(0),
            nursery: Nursery::new(),
            door: Door { inbox: Inbox::new(), idle: Idleness::new(), lingers: AtomicBool::new(false) },
            thread: OnceLock::new(),
            thread_number: OnceLock::new(),
            cpu_time: OnceLock::new(),
            coroutines: AtomicUsize::new(0),
            number,
        }
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    #[inline]
    pub(super) fn is_this_thread(&self) -> bool {
        THIS.get().is_some_and(|worker| ptr::eq(worker, self))
    }

    // ---- what its own coroutines do

    /// `record`, one of its own, is to be woken at `deadline`.
    pub(super) fn set_timer(&self, deadline: Instant, record: &'static Record) {
        self.own.timers.add(deadline, record);
        let turn = self.turns();
        let next_look = if self.own.pace.is_stale(turn) { turn + 1 } else { next_multiple(turn, TIMERS_EVERY) };
        self.set_due(self.own.due.get().min(next_look));
    }

    /// Unless its time has come already.
    pub(super) fn clear_timer(&self, record: &'static Record) {
        self.own.timers.remove(record);
    }

    pub(super) fn running(&self) -> Option<&'static Record> {
        self.turn.running.get()
    }

    #[inline(always)]
    pub(super) fn set_running(&self, record: Option<&'static Record>) {
        self.turn.running.set(record);
    }

    // ---- what others do

    /// Another thread has woken `record`, a coroutine of this worker.
    pub(super) fn post(&self, record: &'static Record) {
        self.door.inbox.post(record);
        self.rouse();
    }

    /// Wakes it if it is idle. It counts as running from here on, before its thread runs.
    fn rouse(&self) {
        if self.door.idle.rouse(deadlock::resume_one, deadlock::uncount_one) {
            self.unpark();
        }
    }

    pub(super) fn unpark(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Parks its thread, which is the caller's.
    pub(super) fn sleep(&self, time: Option<Duration>) {
        match time {
            Some(time) => std::thread::park_timeout(time),
            None => std::thread::park(),
        }
    }

    /// Idle → awake, by the worker itself. False: it has been roused, and counted in, already.
    fn leave_idle(&self) -> bool {
        let first = self.door.idle.leave();
        if first {
            deadlock::resume_one();
        }
        first
    }

    /// How many turns it has taken.
    pub(super) fn turns(&self) -> u64 {
        self.turn.turns.load(Ordering::Relaxed)
    }

    /// How long it has had a processor. None: it has not begun.
    pub(super) fn cpu_time(&self) -> Option<Duration> {
        self.cpu_time.get().map(|time| time.so_far())
    }

    /// Whether its thread sleeps, in a call of the process that it runs, say; not if it merely has no processor.
    pub(super) fn is_asleep(&self) -> bool {
        self.thread_number.get().is_some_and(|thread| threads::is_asleep(*thread))
    }

    /// How many coroutines it had when it began one, or ran out of work, last.
    pub(super) fn coroutines(&self) -> usize {
        self.coroutines.load(Ordering::Relaxed)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.door.idle.seems_idle()
    }

    /// Whether it has something to run, as it seems.
    pub(super) fn seems_to_run(&self) -> bool {
        !self.is_idle() && !self.door.lingers.load(Ordering::Relaxed)
    }

    // ---- the loop

    pub(super) fn run(&'static self) -> ! {
        THIS.set(Some(self));
        queue::clear();
        bias::become_owner(self.number);
        self.nursery.become_mine();
        deadlock::become_host();
        let _ = self.thread.set(std::thread::current());
        let _ = self.thread_number.set(threshold::this_thread());
        let _ = self.cpu_time.set(CpuTime::of_this_thread());
        self.own.pace.look(0, Instant::now());
        // If not yet: whoever launched first may have been panicking.
        hook::install_for_coroutines();
        loop {
            let turn = self.turn.turns.load(Ordering::Relaxed) + 1;
            self.turn.turns.store(turn, Ordering::Relaxed);
            if self.has_mail() {
                self.door.inbox.open();
            }
            let is_due = turn >= self.turn.due.get() && !self.looks_at_hatches_only(turn, None);
            let favoured = if is_due { self.now_and_then(turn) } else { None };
            match favoured.or_else(queue::take).or_else(|| self.start_fresh()) {
                Some(record) => {
                    record.resume();
                    self.take_back();
                }
                None => {
                    self.idle();
                    self.shows_what_is_fresh();
                }
            }
        }
    }

    /// Whether the running coroutine of this worker, which is about to stop, may hand the thread to the next one that is ready: unless the worker itself
    /// has something to see to, and takes its turn.
    #[inline(always)]
    pub(super) fn may_hand_on(&self) -> bool {
        let turn = self.turns() + 1;
        (turn < self.turn.due.get() && !self.has_mail()) || self.looks_at_hatches_only(turn, self.running())
    }

    /// The next one that is ready. From here on it counts as running.
    #[inline(always)]
    pub(super) fn hand_on(&self) -> Option<&'static Record> {
        let next = queue::take()?;
        self.turn.turns.store(self.turns() + 1, Ordering::Relaxed);
        self.set_running(Some(next));
        Some(next)
    }

    /// The next turn is the worker's own, whoever stops.
    pub(super) fn claim_next_turn(&self) {
        self.set_due(0);
    }

    /// Whether that of the running coroutine, which begins now, is one of too many in this turn.
    #[inline]
    pub(super) fn has_begun_many_operations(&self) -> bool {
        let (turn, before) = self.own.operations.get();
        let begun = if turn == self.turns() { before + 1 } else { 1 };
        self.own.operations.set((self.turns(), begun));
        begun > OPERATIONS
    }

    /// At the next turn timers and fresh processes come first.
    pub(super) fn favour_others(&self) {
        self.own.owes_fresh.set(self.has_fresh());
        if self.own.owes_fresh.get() || !self.own.timers.is_empty() {
            self.claim_next_turn();
        }
    }

    #[inline(always)]
    fn set_due(&self, due: u64) {
        self.own.due.set(due);
        self.turn.due.set(if self.own.hatches.is_empty() { due } else { 0 });
    }

    pub(super) fn hatches(&self) -> &Hatches {
        &self.own.hatches
    }

    /// From now on it looks at this one too.
    ///
    /// # Safety
    /// As for [`Hatches::add`].
    #[inline(always)]
    pub(super) unsafe fn look_at(&self, wait: Wait, record: &'static Record) {
        // SAFETY: passed on.
        unsafe { self.own.hatches.add(wait, record, self.turns()) };
        self.turn.due.set(0);
    }

    /// Looks at the hatches, but that of whoever is about to stop. True: that is all that is due.
    #[inline(never)]
    fn looks_at_hatches_only(&self, turn: u64, stops: Option<&'static Record>) -> bool {
        if !self.own.hatches.is_empty() {
            self.own.hatches.look(turn, stops);
        }
        self.set_due(self.own.due.get());
        turn < self.own.due.get() && !self.has_mail()
    }

    #[inline(always)]
    fn has_mail(&self) -> bool {
        !self.door.inbox.is_empty()
    }

    /// The one that has just come back, if its process has ended, is free for another one.
    #[inline(always)]
    fn take_back(&self) {
        if let Some(record) = self.running().filter(|record| record.clear_if_ended()) {
            self.own.free.borrow_mut().push(record);
        }
    }

    /// What is due: timers, and more seldom how many coroutines there are, and whether a fresh process is to be favoured. While turns are long, timers are
    /// due at each of them, and fresh processes at every other one, or more seldom.
    #[inline(never)]
    fn now_and_then(&'static self, turn: u64) -> Option<&'static Record> {
        let (is_timed, pace) = (!self.own.timers.is_empty(), &self.own.pace);
        let is_stale = turn.is_multiple_of(PACE_EVERY) || (self.has_fresh() && pace.is_stale(turn));
        if is_timed || is_stale || pace.is_slow() {
            let now = Instant::now();
            pace.look(turn, now);
            self.own.timers.fire(now);
        }
        self.set_due(match (pace.is_slow(), is_timed) {
            (true, _) => turn + 1,
            (false, true) => next_multiple(turn, TIMERS_EVERY),
            (false, false) => next_multiple(turn, EVERY),
        });
        if turn.is_multiple_of(EVERY) {
            ahead::count(self.count_coroutines());
        }
        self.favours_fresh(turn).then(|| self.start_fresh()).flatten()
    }

    fn count_coroutines(&self) -> usize {
        self.own.made.get() - self.own.free.borrow().len()
    }

    fn has_work(&self) -> bool {
        // SYNC fresh: see `add_fresh`. (The inbox is only looked at here.)
        self.waiting.load(Ordering::Acquire) > 0
            || self.nursery.holds_any()
            || self.has_mail()
            || self.own.hatches.have_news()
    }
}

/// The first turn after `turn` whose number is one of `every`, a power of two.
#[inline(always)]
const fn next_multiple(turn: u64, every: u64) -> u64 {
    (turn | (every - 1)) + 1
}
