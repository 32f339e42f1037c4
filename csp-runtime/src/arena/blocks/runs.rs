//! Granules in a row: claimed one after the other, committed by the mark of the first, unmade in the opposite order.

use super::words::Shape;
use super::{Purpose, Table};
use crate::sync::mutant;

/// How many free granules may keep their memory: enough that large messages going to and fro find theirs again.
pub(super) fn most_idle(all: usize) -> usize {
    all * 3 / 8
}

/// How many keep it when the rest is given back.
pub(super) fn fewest_idle(all: usize) -> usize {
    all / 8
}

/// How many are given back at a time.
const BATCH: usize = 64;

impl Table {
    /// Takes a run as one block.
    pub(in crate::arena) fn take_run(&self, count: usize, owner: u32, purpose: Purpose) -> Option<u32> {
        if !self.may_claim(count, purpose) {
            return None;
        }
        if let Some(head) = self.take_spare(count, owner) {
            return Some(self.first_unit(head) as u32);
        }
        let hint = self.header.run_hint();
        let head = if self.claim_at(hint, count, owner).is_ok() {
            hint
        } else {
            // From the upper end, since slabs come from the lower.
            let mut top = self.granules.len();
            loop {
                let first = top.checked_sub(count)?;
                match self.claim_at(first, count, owner) {
                    Ok(()) => break first,
                    Err(taken) => top = taken,
                }
            }
        };
        let unit = self.first_unit(head);
        if !self.entries[unit].take(owner) {
            // A late allocation in a slab that was here is about to take itself back. Elsewhere, then.
            self.release(head, count);
            return self.take_elsewhere(head, count, owner);
        }
        self.commit(head, count, Shape::run(count));
        Some(unit as u32)
    }

    #[cold]
    fn take_elsewhere(&self, not: usize, count: usize, owner: u32) -> Option<u32> {
        for first in (0..=self.granules.len().checked_sub(count)?).filter(|first| *first != not) {
            if self.claim_at(first, count, owner).is_ok() {
                let unit = self.first_unit(first);
                if self.entries[unit].take(owner) {
                    self.commit(first, count, Shape::run(count));
                    return Some(unit as u32);
                }
                self.release(first, count);
            }
        }
        None
    }

    /// Claims all of them or none; the error is the highest that is taken.
    pub(super) fn claim_at(&self, first: usize, count: usize, owner: u32) -> Result<(), usize> {
        let Some(granules) = self.granules.get(first..).and_then(|rest| rest.get(..count)) else {
            return Err(first);
        };
        if let Some(taken) = granules.iter().rposition(|granule| !granule.is_free()) {
            return Err(first + taken);
        }
        if !mutant("claimed_out_of_sight") {
            self.header.will_claim(first..first + count, self.granules.len());
        }
        for (at, granule) in granules.iter().enumerate() {
            if !granule.claim(owner) {
                granules[..at].iter().for_each(super::Granule::release);
                return Err(first + at);
            }
        }
        Ok(())
    }

    pub(super) fn release(&self, first: usize, count: usize) {
        self.granules[first..first + count].iter().for_each(super::Granule::release);
    }

    /// Claimed granules become a run or slab.
    pub(super) fn commit(&self, head: usize, count: usize, shape: Shape) {
        let granules = &self.granules[head..head + count];
        granules.iter().for_each(|granule| granule.set_touched(true));
        granules[0].set_shape(Some(shape)); // from here on a sweep knows which bodies are this head's
        for (distance, granule) in granules.iter().enumerate().skip(1) {
            granule.set_body(distance);
        }
        granules[0].set_head(shape);
        self.header.more_claimed(count);
    }

    /// A head that is claimed, and its bodies, become free granules. May be begun anew at any point.
    pub(super) fn unmake(&self, head: usize, count: usize, owner: u32) {
        let granules = &self.granules[head..head + count];
        granules[1..].iter().for_each(|granule| granule.unmake(owner));
        if mutant("bodies_released_before_the_shape") {
            granules[1..].iter().for_each(super::Granule::release);
        }
        granules[0].set_shape(None); // from here on each is on its own
        granules.iter().for_each(super::Granule::release);
        self.header.less_claimed(count);
    }

    /// Of a run that is one block of `owner`: free granules.
    pub(super) fn unmake_run(&self, head: usize, count: usize, owner: u32) {
        let entry = &self.entries[self.first_unit(head)];
        entry.set_kind(super::Kind::Unfinished);
        if mutant("run_freed_before_it_is_unmade") {
            entry.free();
        }
        self.granules[head].unmake(owner); // first: a run that stands, and whose entry has no owner, would be lost
        entry.free();
        self.unmake(head, count, owner);
        self.header.set_run_hint(head);
    }

    /// Gives back the memory of free granules by `discard(unit, units)`: all of it, or what is above the limit.
    pub(in crate::arena) fn trim(&self, owner: u32, all: bool, discard: impl Fn(u32, u32)) {
        self.header.forget_freed();
        let is_idle = |at: &usize| self.granules[*at].is_free() && self.granules[*at].is_touched();
        let idle = self.ever_claimed().filter(is_idle).count() + self.spare();
        if !all && idle <= most_idle(self.granules.len()) {
            return;
        }
        self.unmake_spares(owner);
        let mut left = if all { idle } else { idle - fewest_idle(self.granules.len()) };
        let mut at = 0;
        // From the lower end: runs come from the upper.
        while at < self.granules.len() && left > 0 {
            let mut count = 0;
            while count < BATCH.min(left) && at + count < self.granules.len() && is_idle(&(at + count)) {
                if !self.granules[at + count].claim(owner) {
                    break;
                }
                count += 1;
            }
            if count > 0 {
                discard(self.first_unit(at) as u32, self.first_unit(count) as u32);
                for granule in &self.granules[at..at + count] {
                    granule.set_touched(false);
                    granule.release();
                }
            }
            left -= count;
            at += count.max(1);
        }
    }
}
