//! Where all that wait stand still, and are judged: each OS process of the model has one thread that works, and now and then one that looks.

use std::ptr;
use std::sync::atomic::Ordering;

use super::super::ends::{Event, What};
use super::{Actor, Now, World};
use crate::error::{CauseKind, Stopped};
use crate::shared::census::{self, State};
use crate::shared::judge::{self, GOES_ON};
use crate::sync::steps::{HOOK, STANDS_STILL};

/// A thread of a process that has been told of an end.
const WATCHER: &str = "watcher";

impl World {
    /// Those that are there and do nothing stand still from the beginning.
    pub(super) fn begin_to_judge(&mut self) {
        if self.judges {
            STANDS_STILL.set(true);
            let bystanders = self.supervisors.iter().copied().chain([census::me()]);
            bystanders.for_each(|slot| slot.stands_still.store(judge::STANDS_STILL, Ordering::Relaxed));
        }
    }

    /// Where all are judged: the end of a process is told to its parent, which looks then, as whoever has buried somebody does.
    pub(super) fn ended(&mut self, number: usize) {
        let Actor { name, slot, .. } = self.actors[number];
        if slot.is(State::Clean) {
            let parent = self.parent_of(number);
            parent.stands_still.store(GOES_ON, Ordering::Relaxed);
            // No step of anybody's.
            let hook = HOOK.take();
            census::dismiss(slot);
            HOOK.set(hook);
            self.news.push(parent);
        } else if name != WATCHER {
            self.news.push(slot);
        }
        for slot in std::mem::take(&mut self.news) {
            // One thread of a process looks at a time.
            if self.actors.iter().any(|actor| ptr::eq(actor.slot, slot) && actor.now != Now::Ended) {
                self.news.push(slot);
            } else {
                let watcher = self.add(WATCHER, slot, None);
                self.start(watcher, || judge::stand_still(None, || true));
            }
        }
    }

    /// Before the first death: whether somebody has begun to end a deadlock.
    pub(super) fn note_whether_judged(&mut self) {
        let census = census::census();
        let judged = [&census.report, &census.judging].iter().any(|word| word.load(Ordering::Relaxed) != 0);
        self.judged_alive |= judged && self.supervisors.len() == 2;
    }

    /// What must hold of a deadlock: all end by its poison, and the report names each of them once. If somebody has died before, whoever waited for
    /// that one hears of the death.
    pub(in super::super) fn audit_judgement(&self, report: &str) -> Result<(), String> {
        let events = self.events.borrow();
        let by_the_deadlock = |event: &Event| matches!(&event.what, What::Ended(Stopped::Poisoned(cause)) if cause.kind() == CauseKind::Deadlock);
        let is_of_a_dead_one = |event: &&Event| self.wires[event.wire].users.iter().any(|user| self.is_dead(*user));
        if (0..self.actors.len()).any(|number| self.is_dead(number)) {
            let mut beside = events.iter().filter(is_of_a_dead_one).filter(|_| !self.judged_alive);
            return match beside.find(|event| by_the_deadlock(event)) {
                Some(event) => Err(format!("a death is taken for a deadlock: {event:?}")),
                None => Ok(()),
            };
        }
        let ends = || events.iter().filter(|event| matches!(event.what, What::Ended(_)));
        if let Some(event) = ends().find(|event| !by_the_deadlock(event)) {
            return Err(format!("somebody does not end by the deadlock: {event:?}"));
        }
        if ends().count() != 4 {
            return Err(format!("somebody is ended twice: {events:?}"));
        }
        for event in ends() {
            let name = format!("`{}` ", self.actors[event.by].name);
            if report.matches(&name).count() != 1 {
                return Err(format!("{name} does not stand in the report once: {report}"));
            }
        }
        Ok(())
    }
}
