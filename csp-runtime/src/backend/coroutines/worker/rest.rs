//! A worker that has nothing to run: it looks for work for a while, falls idle, sleeps, and now and then looks whether it should help another one.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Worker;
use crate::backend::coroutines::watch::Watch;
use crate::backend::coroutines::{queue, workers};
use crate::backend::idleness::Settled;
use crate::deadlock;
use crate::process::here;

impl Worker {
    /// Sleeps until there is something to run.
    pub(super) fn idle(&'static self) {
        self.set_running(None);
        here::make_nobody_current();
        if !self.own.timers.is_empty() && self.own.timers.fire(Instant::now()) {
            return;
        }
        if self.helps_again() {
            return;
        }
        let since = Instant::now();
        if self.lingers_until_work_comes(since) {
            return;
        }
        self.own.hatches.leave();
        self.set_due(self.own.due.get());
        if queue::holds_any() {
            return;
        }
        match self.door.idle.settle(|| self.has_work()) {
            Settled::GoOn => return,
            Settled::GoOnCountedTwice => return deadlock::uncount_one(),
            Settled::Sleep => {}
        }
        self.coroutines.store(self.count_coroutines(), Ordering::Relaxed);
        // Whoever a timer will wake is hope: to judge would be to look at all contexts for it, at each tick. The next time it falls idle without one, or has
        // rested for long, it judges.
        let mut judges_after = None;
        if !self.own.timers.is_empty() {
            deadlock::uncount_one();
        } else if let Some(rest) = rest_before_judgement(workers::crowd()) {
            // Whoever ran last judges.
            judges_after = deadlock::uncount_one_to_judge_later().then_some(rest);
        } else {
            deadlock::end_one();
        }
        let roused = self.sleep_while_idle(judges_after);
        self.own.linger.has_slept(roused.then(|| since.elapsed()));
        deadlock::pass();
    }

    /// Whoever was blocked when it was helped last, and is so still, in the same turn, needs more help: at once, not after looks that say the same again.
    fn helps_again(&'static self) -> bool {
        let blocked = self.own.helped.take().filter(|(other, turn)| other.turns() == *turn && other.is_asleep());
        let Some((other, turn)) = blocked else { return false };
        let fresh = other.take_fresh();
        if let Some(fresh) = fresh {
            self.own.helped.set(Some((other, turn)));
            queue::add(self.begin(fresh));
        }
        queue::holds_any()
    }

    /// Awake still, and counted. `since`: when it ran out of work.
    fn lingers_until_work_comes(&self, since: Instant) -> bool {
        // A vigil shows it its own work as soon.
        let keeps_vigil = self.own.vigil.pays() && workers::others_have_fresh(self);
        if keeps_vigil || !self.own.linger.pays() || !workers::others_are_awake(self) {
            return false;
        }
        self.door.lingers.store(true, Ordering::Relaxed);
        let others_run = || workers::others_run(self);
        let found = self.own.linger.finds_work(since, self.own.timers.next(), || self.has_work(), others_run);
        self.door.lingers.store(false, Ordering::Relaxed);
        found
    }

    /// Idle, and not counted, until there is something to run. `judges_after`: it has not judged the standstill yet. True: others have brought something.
    fn sleep_while_idle(&'static self, mut judges_after: Option<Duration>) -> bool {
        let mut quiet_since = Instant::now();
        // After so long a quiet the standstill is looked at: after longer and longer ones, as long as strangers may end it.
        let mut patience = Some(deadlock::PATIENCE);
        let mut watch = Watch::new(self);
        while self.door.idle.is_idle() {
            // A deadlock that we have found and ended has woken some of ours.
            if queue::holds_any() {
                self.leave_idle();
                return false;
            }
            let now = Instant::now();
            let due = self.own.timers.next().map(|due| due.saturating_duration_since(now));
            if due == Some(Duration::ZERO) {
                self.leave_idle();
                return false;
            }
            let quiet = workers::all_idle();
            if !quiet {
                (quiet_since, patience) = (now, Some(deadlock::PATIENCE));
                // Whoever is awake falls idle after us, and judges.
                judges_after = None;
            }
            if quiet && judges_after.is_some_and(|rest| now - quiet_since >= rest) {
                judges_after = None;
                deadlock::judge_now();
                continue;
            }
            let left = judges_after.or(patience).map(|patience| patience.saturating_sub(now - quiet_since));
            if left == Some(Duration::ZERO) {
                let hope = deadlock::look_again();
                patience = patience.filter(|_| hope.is_of_strangers()).map(|patience| 2 * patience);
                continue;
            }
            let victim = if watch.begins_vigil(&self.own.vigil) {
                let found = self.own.vigil.keep(self, || self.is_idle() && due.is_none_or(|due| now.elapsed() < due));
                if found.is_none() {
                    continue;
                }
                found
            } else {
                let planned = watch.plan(quiet);
                let time = [due, left.filter(|_| quiet), planned].into_iter().flatten().min();
                workers::sleep(self, time, planned.is_none());
                if self.is_idle() { watch.look(&self.own.vigil) } else { None }
            };
            if let Some(victim) = victim {
                if self.leave_idle()
                    && let Some(fresh) = victim.take_fresh()
                {
                    self.own.helped.set(Some((victim, victim.turns())));
                    queue::add(self.begin(fresh));
                }
                return false;
            }
        }
        self.door.idle.rise();
        true
    }
}

/// How long all workers rest before one of them judges, where a look at all processes takes long: as long as about that takes. Without it a program with very many
/// of them would do little else, if it had to come from outside what they wait for, often.
fn rest_before_judgement(crowd: usize) -> Option<Duration> {
    /// So few are looked at in some ten microseconds.
    const FEW: usize = 256;
    const EACH: Duration = Duration::from_nanos(500);
    const LEAST: Duration = Duration::from_millis(5);
    /// A deadlock is to be found in 100 ms.
    const MOST: Duration = Duration::from_millis(50);
    let looks = EACH.saturating_mul(u32::try_from(crowd).unwrap_or(u32::MAX));
    (crowd > FEW).then(|| looks.clamp(LEAST, MOST))
}
