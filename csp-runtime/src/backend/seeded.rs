//! A backend for tests: OS threads that pass a baton, so that one runs at a time, and a seed decides which.
//!
//! The baton may change hands whenever a process takes a channel's lock or parks. The same program with the same seed
//! then takes the same schedule, as far as it depends on nothing else (the clock, threads that are not processes).

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::{Job, NotStarted, Park, threads};
use crate::config;

/// A holder that reaches no checkpoint for so long is blocked outside the runtime, and the baton goes on without it.
const LOST: Duration = Duration::from_millis(200);

struct Schedule {
    random: fastrand::Rng,
    /// Who may run but does not have the baton.
    ready: Vec<&'static Player>,
    holder: Option<&'static Player>,
    /// Changes whenever the baton does.
    turn: u64,
}

/// Whoever competes for the baton: a process, or the main function.
pub(super) struct Player {
    state: Mutex<PlayerState>,
    go: Condvar,
}

#[derive(Default)]
struct PlayerState {
    /// It has the baton, or was given it and is waking up.
    running: bool,
    parked: bool,
    /// An `unpark` that came before the `park`.
    notified: bool,
}

thread_local! {
    static PLAYER: Cell<Option<&'static Player>> = const { Cell::new(None) };
}

/// Players whose processes have ended.
// FORK: held, by `hold`.
static FREE: Mutex<Vec<&'static Player>> = Mutex::new(Vec::new());

fn schedule() -> MutexGuard<'static, Schedule> {
    // FORK: held, by `hold`.
    static SCHEDULE: OnceLock<Mutex<Schedule>> = OnceLock::new();
    let schedule = SCHEDULE.get_or_init(|| {
        let random = fastrand::Rng::with_seed(config::effective().seed);
        Mutex::new(Schedule { random, ready: Vec::new(), holder: None, turn: 0 })
    });
    schedule.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a forked process may need of this, held by the thread that forks.
#[cfg(feature = "backend-processes")]
pub(super) struct Lock {
    schedule: MutexGuard<'static, Schedule>,
    free: MutexGuard<'static, Vec<&'static Player>>,
}

#[cfg(feature = "backend-processes")]
pub(super) fn hold() -> Lock {
    Lock { schedule: schedule(), free: FREE.lock().unwrap_or_else(PoisonError::into_inner) }
}

#[cfg(feature = "backend-processes")]
impl Lock {
    /// In a forked child: it is alone, and whoever played in its parent may have been at something.
    pub(super) fn forget_the_parent(&mut self) {
        self.schedule.ready.clear();
        self.schedule.holder = None;
        self.free.clear();
        PLAYER.set(None);
    }
}

/// Starts the schedule afresh.
pub(crate) fn reseed(seed: u64) {
    schedule().random = fastrand::Rng::with_seed(seed);
}

impl Schedule {
    /// Gives the baton to somebody who may run, if there is anybody.
    fn pass_on(&mut self) {
        self.turn += 1;
        self.holder = match self.ready.len() {
            0 => None,
            many => Some(self.ready.swap_remove(self.random.usize(..many))),
        };
        if let Some(next) = self.holder {
            next.state().running = true;
            next.go.notify_one();
        }
    }

    fn has_baton(&self, player: &Player) -> bool {
        self.holder.is_some_and(|holder| std::ptr::eq(holder, player))
    }

    /// `player` may run again.
    fn make_ready(&mut self, player: &'static Player) {
        self.ready.push(player);
        if self.holder.is_none() {
            self.pass_on();
        }
    }
}

impl Player {
    fn new() -> &'static Player {
        let player = FREE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_else(|| Box::leak(Box::new(Player { state: Mutex::default(), go: Condvar::new() })));
        *player.state() = PlayerState::default();
        player
    }

    fn state(&self) -> MutexGuard<'_, PlayerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the baton; takes it from a holder that is blocked outside the runtime.
    fn await_turn(&'static self) {
        loop {
            let seen = schedule().turn;
            let mut state = self.state();
            while !state.running {
                let (next, waited) = self.go.wait_timeout(state, LOST).unwrap_or_else(PoisonError::into_inner);
                state = next;
                if waited.timed_out() {
                    break;
                }
            }
            if state.running {
                return;
            }
            drop(state);
            let mut schedule = schedule();
            if schedule.turn == seen && !self.state().running {
                schedule.pass_on();
            }
        }
    }

    /// Lets another one run, perhaps.
    fn checkpoint(&'static self) {
        let mut schedule = schedule();
        if schedule.has_baton(self) && schedule.ready.is_empty() {
            return;
        }
        self.state().running = false;
        schedule.ready.push(self);
        // Without the baton (it was taken from us while we were blocked elsewhere) we only queue up.
        if schedule.has_baton(self) || schedule.holder.is_none() {
            schedule.pass_on();
        }
        drop(schedule);
        self.await_turn();
    }

    /// Leaves the game for good.
    fn leave(&'static self) {
        let mut schedule = schedule();
        if schedule.has_baton(self) {
            schedule.pass_on();
        }
        drop(schedule);
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self);
    }
}

impl Park for Player {
    fn spin(&self, _attempt: u32) -> bool {
        false
    }

    fn park(&self, until: Option<Instant>) {
        // Parkers are only ever made by `Player::new`, and so live for ever.
        let Some(this) = PLAYER.get() else { return };
        let mut schedule = schedule();
        let mut state = this.state();
        if std::mem::take(&mut state.notified) {
            return;
        }
        state.parked = true;
        state.running = false;
        drop(state);
        if schedule.has_baton(this) {
            schedule.pass_on();
        }
        drop(schedule);
        let Some(until) = until else { return this.await_turn_parked() };
        let mut state = this.state();
        while !state.running && state.parked {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = this.go.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        let mut schedule = self::schedule();
        if std::mem::take(&mut this.state().parked) {
            schedule.make_ready(this);
        }
        drop(schedule);
        this.await_turn();
    }

    fn unpark(&self) {
        let mut schedule = schedule();
        let mut state = self.state();
        if !std::mem::take(&mut state.parked) {
            state.notified = true;
            return;
        }
        drop(state);
        if let Some(this) = eternal(self) {
            schedule.make_ready(this);
            this.go.notify_one();
        }
    }
}

impl Player {
    /// Waits for `unpark`, and then for the baton.
    fn await_turn_parked(&'static self) {
        let mut state = self.state();
        while state.parked {
            state = self.go.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.await_turn();
    }
}

/// A player is leaked when it is made.
#[allow(clippy::unnecessary_wraps, reason = "reads as the lookup that it stands for")]
fn eternal(player: &Player) -> Option<&'static Player> {
    // SAFETY: only `Player::new` makes players, and it leaks them.
    Some(unsafe { &*std::ptr::from_ref(player) })
}

/// The player that runs on this thread; the main function and foreign threads become one when they first need it.
pub(super) fn parker() -> &'static dyn Park {
    if let Some(player) = PLAYER.get() {
        return player;
    }
    if !threads::is_main_thread() {
        // A thread that is not ours keeps its own time.
        return threads::parker();
    }
    let player = Player::new();
    PLAYER.set(Some(player));
    schedule().make_ready(player);
    player.await_turn();
    player
}

/// Another process may run now.
#[inline]
pub(super) fn checkpoint() {
    if let Some(player) = PLAYER.get() {
        player.checkpoint();
    }
}

/// Runs `step` while this thread keeps the baton.
pub(super) fn uninterrupted<R>(step: impl FnOnce() -> R) -> R {
    let player = PLAYER.take();
    let result = step();
    PLAYER.set(player);
    result
}

/// A job and the player that it will be.
struct Entry {
    job: Option<Job>,
    player: &'static Player,
}

/// Starts `job` on a thread of ours, as a player.
pub(super) fn launch(job: Job, stack: Option<usize>) -> Result<(), NotStarted> {
    let player = Player::new();
    let entry = Box::into_raw(Box::new(Entry { job: Some(job), player }));
    schedule().make_ready(player);
    // SAFETY: the box is given up by exactly one of the job and the lines below.
    let outer = unsafe { Job::new(entry.cast(), play) };
    threads::launch(outer, stack).inspect_err(|_| {
        // SAFETY: not launched, so it is ours again.
        drop(unsafe { Box::from_raw(entry) });
        let mut schedule = schedule();
        schedule.ready.retain(|ready| !std::ptr::eq(*ready, player));
        if schedule.has_baton(player) {
            schedule.pass_on();
        }
    })
}

/// # Safety
/// `data` is a boxed `Entry` that is given up here.
unsafe fn play(data: *mut ()) {
    // SAFETY: by the caller.
    let Entry { job, player } = *unsafe { Box::from_raw(data.cast::<Entry>()) };
    PLAYER.set(Some(player));
    player.await_turn();
    if let Some(job) = job {
        job.run();
    }
    PLAYER.set(None);
    player.leave();
}
