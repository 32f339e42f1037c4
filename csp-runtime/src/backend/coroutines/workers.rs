//! All workers: started together when the first coroutine is launched; which one is at home where, and who watches over whom.

use std::cell::Cell;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smallvec::SmallVec;

use super::worker::{Worker, this};
use super::{NotStarted, overflow};
use crate::backend::alarm::Alarm;
use crate::backend::{hook, pool};
use crate::{barrier, config, deadlock};

type Started = Vec<&'static Worker>;

/// Those of this OS process; null before there are any. What stands here is never freed.
static WORKERS: AtomicPtr<Started> = AtomicPtr::new(std::ptr::null_mut());

/// Held by whoever starts them.
// FORK: held, by `hold`.
static STARTING: Mutex<()> = Mutex::new(());

/// Set by those that sleep so deeply that they do not watch the others.
static ALARM: Alarm = Alarm::new();

thread_local! {
    /// Where what this thread launches goes. Processes that talk to each other stay together, so that is one worker, but for those that are so
    /// many that they come in stretches: the first of these goes there.
    static HOME: Cell<Option<&'static Worker>> = const { Cell::new(None) };
}

/// The worker for a stretch of what this thread launches: the workers by turns, from the thread's own on.
pub(super) fn home(stretch: usize) -> Result<&'static Worker, NotStarted> {
    let first = own()?;
    if stretch == 0 {
        return Ok(first);
    }
    let workers = all();
    Ok(workers[(first.number() + stretch) % workers.len()])
}

/// The worker for what this thread launches: itself if it is one. Other threads take turns when they first ask.
fn own() -> Result<&'static Worker, NotStarted> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    if let Some(worker) = this().or(HOME.get()) {
        return Ok(worker);
    }
    let workers = started().map_or_else(start_once, Ok)?;
    let worker = workers[NEXT.fetch_add(1, Ordering::Relaxed) % workers.len()];
    HOME.set(Some(worker));
    Ok(worker)
}

fn started() -> Option<&'static Started> {
    // SYNC workers: whoever finds them finds them whole.
    let started = WORKERS.load(Ordering::Acquire);
    // SAFETY: what `start_once` has put there, which lives for ever; or null.
    unsafe { started.as_ref() }
}

#[cold]
fn start_once() -> Result<&'static Started, NotStarted> {
    let _one = hold();
    if let Some(started) = started() {
        return Ok(started);
    }
    let started = Box::into_raw(Box::new(start()?));
    WORKERS.store(started, Ordering::Release); // SYNC workers: see `started`
    // SAFETY: just made, and never freed.
    Ok(unsafe { &*started })
}

/// Nobody is in the middle of starting them while this is held.
pub(super) fn hold() -> MutexGuard<'static, ()> {
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In a forked child: its parent's workers are not here. It has its own, once it needs them.
#[cfg(feature = "backend-processes")]
pub(super) fn forget_the_parent() {
    WORKERS.store(std::ptr::null_mut(), Ordering::Relaxed);
    ALARM.forget_the_parent();
    HOME.set(None);
}

fn start() -> Result<Started, NotStarted> {
    // Where this is the only thread so far it costs nothing; where there are others, the system takes some ten milliseconds.
    let _ = barrier::is_there();
    overflow::install();
    hook::install_for_coroutines();
    let wanted = config::effective().workers;
    let mut workers = Vec::with_capacity(wanted);
    for number in 0..wanted {
        let worker: &'static Worker = Box::leak(Box::new(Worker::new(number)));
        // Awake until it finds nothing to do.
        deadlock::resume_one();
        match pool::start_worker(number, move || worker.run()) {
            Ok(()) => workers.push(worker),
            Err(why) => {
                deadlock::uncount_one();
                if workers.is_empty() {
                    return Err(NotStarted(format!("no thread could be started for a worker: {why}")));
                }
                break;
            }
        }
    }
    Ok(workers)
}

fn all() -> &'static [&'static Worker] {
    started().map_or(&[], Vec::as_slice)
}

/// Not before all of them are known.
pub(super) fn all_idle() -> bool {
    let all = all();
    !all.is_empty() && all.iter().all(|worker| worker.is_idle())
}

/// How many coroutines there are, asked while all workers are idle.
pub(super) fn crowd() -> usize {
    all().iter().map(|worker| worker.coroutines()).sum()
}

pub(super) fn others(own: &Worker) -> impl Iterator<Item = &'static Worker> {
    all().iter().copied().filter(|worker| !std::ptr::eq(*worker, own))
}

/// Whether any but `own` is awake.
pub(super) fn others_are_awake(own: &Worker) -> bool {
    others(own).any(|worker| !worker.is_idle())
}

/// Whether any but `own` is idle.
pub(super) fn others_are_idle(own: &Worker) -> bool {
    others(own).any(Worker::is_idle)
}

/// Whether fresh processes wait for any but `own`.
pub(super) fn others_have_fresh(own: &Worker) -> bool {
    others(own).any(Worker::has_fresh)
}

/// Whether any but `own` has something to run.
pub(super) fn others_run(own: &Worker) -> bool {
    others(own).any(Worker::seems_to_run)
}

/// How far each of the others is, if it has begun, and has fresh processes waiting.
pub(super) type Progress = SmallVec<[(Option<Look>, &'static Worker); 8]>;

#[derive(Clone, Copy)]
pub(super) struct Look {
    turns: u64,
    cpu_time: Duration,
}

pub(super) fn progress(own: &Worker) -> Progress {
    let look = |worker: &Worker| Some(Look { turns: worker.turns(), cpu_time: worker.cpu_time()? });
    others(own).map(|worker| (worker.has_fresh().then(|| look(worker)).flatten(), worker)).collect()
}

/// Whoever takes so long for a turn, on the average, runs processes that compute; those that talk take a fraction of it.
const COMPUTES: Duration = Duration::from_micros(20);
/// After so long it is helped even by one that has more.
const UNFAIR: Duration = Duration::from_millis(4);
/// Whoever takes no turn for so long is blocked in a call, if it does not compute.
const BLOCKED: Duration = Duration::from_millis(4);

impl Look {
    /// Whether processes have held `worker` up since `before`, `time` ago. One that has had no processor, or that is about to begin, is
    /// not held up for that: those that wait there may talk to each other.
    fn is_held_up(self, before: Self, time: Duration, worker: &Worker, own: &Worker) -> bool {
        let turns = self.turns - before.turns;
        let computed = self.cpu_time.saturating_sub(before.cpu_time);
        let computes = computed.as_nanos() >= COMPUTES.as_nanos() * u128::from(turns + 1);
        (computes && (time >= UNFAIR || has_fewer(own, worker)))
            || (turns == 0 && time >= BLOCKED && worker.is_asleep())
    }
}

/// Whether `own` has fewer coroutines than a worker that computes. Then it takes a fresh one at once: so each gets its share of those that start together, of which
/// many wait for one that is there already.
pub(super) fn has_fewer(own: &Worker, worker: &Worker) -> bool {
    own.coroutines() < worker.coroutines()
}

/// A worker whose processes held it up from one look of `own` to the next, `time` later, while fresh ones waited.
pub(super) fn held_up(before: &Progress, now: &Progress, time: Duration, own: &Worker) -> Option<&'static Worker> {
    let found = before.iter().zip(now).find(|((before, _), (now, worker))| match (before, now) {
        (Some(before), Some(now)) => now.is_held_up(*before, time, worker, own),
        _ => false,
    });
    found.map(|(_, (_, worker))| *worker)
}

/// Sleeps for at most so long; deeply, if there is nothing to watch until then.
pub(super) fn sleep(worker: &'static Worker, time: Option<Duration>, deep: bool) {
    if !deep {
        return worker.sleep(time);
    }
    ALARM.sleep(|| others_have_fresh(worker), || worker.sleep(time));
}

/// Fresh processes wait: somebody must watch over them from now on.
pub(super) fn alert_watchers() {
    if ALARM.is_set() {
        all().iter().filter(|worker| worker.is_idle()).for_each(|worker| worker.unpark());
    }
}
