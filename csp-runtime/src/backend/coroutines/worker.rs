//! A worker: the loop that runs coroutines on one thread, and how it sleeps when it has none. See `PROTOCOL.md`.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::ahead;
use super::nursery::Nursery;
use super::record::{self, Record};
use super::row::Row;
use super::stack::SlabStack;
use super::timers::Timers;
use super::workers::{self, Progress};
use crate::backend::Job;
use crate::backend::idleness::{Idleness, Settled};
use crate::deadlock;
use crate::rendezvous::bias;

/// Fresh processes get every so-many-th turn even if others are ready.
const EVERY: u64 = 4 * TIMERS_EVERY;
/// The clock is read so often while there are timers, so that no communication starves them.
const TIMERS_EVERY: u64 = 8;
/// An idle worker looks so soon, and then half as often each time, whether another one computes while fresh processes wait.
const FIRST_LOOK: Duration = Duration::from_micros(100);
const LAST_LOOK: Duration = Duration::from_millis(5);

/// A process that has not started, and so may still go to another worker.
pub(super) struct Fresh {
    pub(super) job: Job,
    pub(super) stack: SlabStack,
}

// SAFETY: a stack is memory that nobody uses yet; a job may be run anywhere.
unsafe impl Send for Fresh {}

/// What the worker's thread alone uses, and what others may.
pub(super) struct Worker {
    own: Own,
    /// Fresh processes that others have launched.
    fresh: Mutex<Row<Fresh>>,
    /// How many, to be asked without the lock.
    waiting: AtomicUsize,
    /// Fresh processes that its own coroutines have launched.
    nursery: Nursery,
    door: Door,
    /// How many turns it has taken: one that stands still is a process that computes.
    turns: AtomicU64,
    thread: OnceLock<Thread>,
}

/// What those use who wake its coroutines from outside: apart from all that the worker changes at each turn, by two lines, which processors
/// like to fetch together.
#[repr(align(128))]
struct Door {
    /// Coroutines that other threads have woken: a stack, linked by `Record::below`.
    inbox: AtomicPtr<Record>,
    idle: Idleness,
}

#[derive(Default)]
struct Own {
    timers: Timers,
    /// Records whose processes have ended.
    free: RefCell<Vec<&'static Record>>,
    /// How many records there are.
    made: Cell<usize>,
}

// SAFETY: `own` is used on the worker's thread alone: by `run`, by coroutines that it resumes, and by `Record`s after they
// have asked `is_this_thread`.
unsafe impl Sync for Worker {}
// SAFETY: as above; it is made on another thread, before its own starts.
unsafe impl Send for Worker {}

thread_local! {
    static THIS: Cell<Option<&'static Worker>> = const { Cell::new(None) };
    /// This worker's coroutines that are to run, the first of them. Not in the worker, whose address a switch has to fetch first.
    static FIRST: Cell<Option<&'static Record>> = const { Cell::new(None) };
    /// Where the next one is noted: in the last of them, or in `FIRST`.
    static END: Cell<*const Cell<Option<&'static Record>>> = const { Cell::new(ptr::null()) };
}

/// The worker whose thread this is.
#[inline]
pub(super) fn this() -> Option<&'static Worker> {
    THIS.get()
}

/// Nobody is to run. Said by a worker before it does anything else.
fn nobody_is_ready() {
    FIRST.set(None);
    END.set(FIRST.with(ptr::from_ref));
}

/// A coroutine of this thread's worker is to run.
#[inline(always)]
pub(super) fn add_ready(record: &'static Record) {
    record.next.set(None);
    debug_assert!(!END.get().is_null(), "a coroutine is woken on its worker's thread");
    let end = END.replace(&raw const record.next);
    // SAFETY: a worker's thread has begun with `nobody_is_ready`, and since then `END` points to this thread's `FIRST`, or into a record, which lives for ever.
    unsafe { &*end }.set(Some(record));
}

/// Whether any of them is to run.
#[inline(always)]
pub(super) fn is_anybody_ready() -> bool {
    FIRST.get().is_some()
}

/// Whether more than one is to run.
#[inline(always)]
pub(super) fn are_several_ready() -> bool {
    FIRST.get().is_some_and(|first| first.next.get().is_some())
}

#[inline(always)]
fn take_ready() -> Option<&'static Record> {
    let first = FIRST.get()?;
    match first.next.get() {
        Some(next) => {
            FIRST.set(Some(next));
            if ahead::pays() {
                look_ahead(next);
            }
        }
        None => nobody_is_ready(),
    }
    Some(first)
}

/// One is to run now, and then `next`: fetches what the one behind that will touch, and the record of the one behind both.
#[inline(always)]
fn look_ahead(next: &Record) {
    if let Some(second) = next.next.get() {
        second.fetch_with_partner();
        if let Some(third) = second.next.get() {
            ahead::fetch_record(third);
        }
    }
}

impl Worker {
    pub(super) fn new() -> Self {
        Self {
            own: Own::default(),
            fresh: Mutex::new(Row::new()),
            waiting: AtomicUsize::new(0),
            nursery: Nursery::new(),
            door: Door { inbox: AtomicPtr::new(ptr::null_mut()), idle: Idleness::new() },
            turns: AtomicU64::new(0),
            thread: OnceLock::new(),
        }
    }

    #[inline]
    pub(super) fn is_this_thread(&self) -> bool {
        THIS.get().is_some_and(|worker| ptr::eq(worker, self))
    }

    pub(super) fn timers(&self) -> &Timers {
        &self.own.timers
    }

    // ---- what its own coroutines do

    // ---- what others do

    fn fresh(&self) -> MutexGuard<'_, Row<Fresh>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process is to start here, if no idle worker takes it first.
    pub(super) fn add_fresh(&self, fresh: Fresh) {
        if self.is_this_thread() {
            self.nursery.add(fresh);
        } else {
            self.fresh().push(fresh);
            // SYNC fresh: whoever sees the number finds them.
            self.waiting.fetch_add(1, Ordering::Release);
            self.rouse();
        }
        workers::alert_watcher();
    }

    /// Another thread has woken `record`, a coroutine of this worker.
    pub(super) fn post(&self, record: &'static Record) {
        let place = ptr::from_ref(record).cast_mut();
        let mut top = self.door.inbox.load(Ordering::Relaxed);
        loop {
            record.below.store(top, Ordering::Relaxed);
            // SYNC inbox: what we did before is seen by the coroutines that run then.
            match self.door.inbox.compare_exchange_weak(top, place, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => top = now,
            }
        }
        self.rouse();
    }

    /// Wakes it if it is idle. It counts as running from here on, not only from when its thread runs.
    fn rouse(&self) {
        if self.door.idle.rouse() {
            deadlock::resume_one();
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

    /// How many turns it has taken, if fresh processes wait for it.
    pub(super) fn fresh_and_turns(&self) -> Option<u64> {
        (self.waiting.load(Ordering::Relaxed) > 0 || self.nursery.holds_any())
            .then(|| self.turns.load(Ordering::Relaxed))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.door.idle.seems_idle()
    }

    /// Takes them from both by turns, so that neither starves.
    pub(super) fn take_fresh(&self) -> Option<Fresh> {
        if self.nursery.is_next() {
            return self.nursery.take().or_else(|| self.take_foreign());
        }
        self.take_foreign().or_else(|| self.nursery.take())
    }

    fn take_foreign(&self) -> Option<Fresh> {
        if self.waiting.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let fresh = self.fresh().pop()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(fresh)
    }

    // ---- the loop

    pub(super) fn run(&'static self, number: usize) -> ! {
        THIS.set(Some(self));
        nobody_is_ready();
        bias::become_owner(number);
        self.nursery.become_mine();
        deadlock::become_host();
        let _ = self.thread.set(std::thread::current());
        let mut turn = 0_u64;
        loop {
            turn += 1;
            self.turns.store(turn, Ordering::Relaxed);
            if !self.door.inbox.load(Ordering::Relaxed).is_null() {
                self.open_inbox();
            }
            let favoured = if turn.is_multiple_of(TIMERS_EVERY) { self.now_and_then(turn) } else { None };
            match favoured.or_else(take_ready).or_else(|| self.start_fresh()) {
                Some(record) => {
                    if record.resume() {
                        self.own.free.borrow_mut().push(record);
                    }
                }
                None => self.idle(),
            }
        }
    }

    /// What is looked at every [`TIMERS_EVERY`] turns: timers, and more seldom how many coroutines there are, and whether a fresh process is
    /// to be favoured.
    #[inline(never)]
    fn now_and_then(&'static self, turn: u64) -> Option<&'static Record> {
        if !self.own.timers.is_empty() {
            self.own.timers.fire();
        }
        if !turn.is_multiple_of(EVERY) {
            return None;
        }
        ahead::count(self.own.made.get() - self.own.free.borrow().len());
        self.start_fresh()
    }

    // Not in the loop, where it would take registers from those that only go from one ready coroutine to the next.
    #[inline(never)]
    fn start_fresh(&'static self) -> Option<&'static Record> {
        self.take_fresh().map(|fresh| self.begin(fresh))
    }

    fn begin(&'static self, mut fresh: Fresh) -> &'static Record {
        fresh.stack.warm();
        let free = self.own.free.borrow_mut().pop();
        let record = free.unwrap_or_else(|| self.make_records());
        record.begin(fresh);
        record
    }

    #[cold]
    fn make_records(&'static self) -> &'static Record {
        let made = Record::some(self);
        self.own.made.set(self.own.made.get() + made.len());
        self.own.free.borrow_mut().extend(&made[1..]);
        &made[0]
    }

    /// Makes ready whom others have woken, in the order in which they did.
    fn open_inbox(&self) {
        // SYNC inbox: see `post`.
        let mut top = self.door.inbox.swap(ptr::null_mut(), Ordering::Acquire);
        let mut first = ptr::null_mut::<Record>();
        // SAFETY: only records are posted, and they live for ever.
        while let Some(record) = unsafe { top.as_ref() } {
            // By two plain steps: what was taken out of the inbox is this thread's alone.
            let below = record.below.load(Ordering::Relaxed);
            record.below.store(first, Ordering::Relaxed);
            first = top;
            top = below;
        }
        // SAFETY: as above.
        while let Some(record) = unsafe { first.as_ref() } {
            first = record.below.load(Ordering::Relaxed);
            record.leave_inbox();
        }
    }

    fn has_work(&self) -> bool {
        // SYNC fresh: see `add_fresh`. (The inbox is only looked at here.)
        self.waiting.load(Ordering::Acquire) > 0
            || self.nursery.holds_any()
            || !self.door.inbox.load(Ordering::Relaxed).is_null()
    }

    /// Sleeps until there is something to run.
    fn idle(&'static self) {
        record::rest();
        if !self.own.timers.is_empty() && self.own.timers.fire() {
            return;
        }
        match self.door.idle.settle(|| self.has_work()) {
            Settled::GoOn => return,
            Settled::GoOnCountedTwice => return deadlock::uncount_one(),
            Settled::Sleep => {}
        }
        deadlock::end_one();
        self.sleep_while_idle();
        deadlock::pass();
    }

    /// Idle, and not counted, until there is something to run.
    fn sleep_while_idle(&'static self) {
        let mut quiet_since = Instant::now();
        let mut judged = false;
        let mut watch = Watch::new(self);
        while self.door.idle.is_idle() {
            // A deadlock that we have found and ended has woken some of ours.
            if FIRST.get().is_some() {
                self.leave_idle();
                return;
            }
            let now = Instant::now();
            let due = self.own.timers.next().map(|due| due.saturating_duration_since(now));
            if due == Some(Duration::ZERO) {
                self.leave_idle();
                return;
            }
            let quiet = workers::all_idle();
            if !quiet {
                (quiet_since, judged) = (now, false);
            }
            let patience = deadlock::PATIENCE.saturating_sub(now - quiet_since);
            if !judged && patience.is_zero() {
                judged = true;
                deadlock::look_again();
                continue;
            }
            let until_next_look = match (quiet, judged) {
                (false, _) => Some(watch.interval()),
                (true, false) => Some(patience),
                (true, true) => None,
            };
            let time = [due, until_next_look].into_iter().flatten().min();
            workers::sleep(self, time, time.is_none());
            if self.is_idle()
                && let Some(victim) = watch.look(quiet)
            {
                if self.leave_idle()
                    && let Some(fresh) = victim.take_fresh()
                {
                    add_ready(self.begin(fresh));
                }
                return;
            }
        }
    }
}

/// What an idle worker sees of the others from time to time: whether one of them computes while fresh processes wait.
struct Watch {
    worker: &'static Worker,
    seen: Progress,
    at: Instant,
    interval: Duration,
}

impl Watch {
    fn new(worker: &'static Worker) -> Self {
        Self { worker, seen: workers::progress(worker), at: Instant::now(), interval: FIRST_LOOK }
    }

    fn interval(&self) -> Duration {
        self.interval
    }

    /// Somebody to take a fresh process from. After a rest of all, the looks are frequent again.
    fn look(&mut self, rested: bool) -> Option<&'static Worker> {
        let (seen, now) = (workers::progress(self.worker), Instant::now());
        let victim = workers::stalled(&self.seen, &seen, now - self.at);
        (self.seen, self.at) = (seen, now);
        self.interval = if rested { FIRST_LOOK } else { (self.interval * 2).min(LAST_LOOK) };
        victim
    }
}
