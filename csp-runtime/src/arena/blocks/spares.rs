//! Spare runs: what was freed, and stands as it was for whoever wants as much. To make a run and to unmake it takes steps for each of its
//! granules, in lines that other processes have written; to take a spare one and to free it, one step each.

use super::Table;
use super::runs::fewest_idle;
use super::words::Shape;
use crate::sync::mutant;

impl Table {
    /// Frees a run that is one block of `owner`: it becomes a spare one.
    pub(super) fn free_run(&self, head: usize, count: usize, owner: u32) {
        self.entries[self.first_unit(head)].spare();
        self.header.less_claimed(count);
        if let Some(other) = self.header.list_spare(head) {
            self.unmake_spare(other, owner);
        }
    }

    /// Takes a spare run of just so many granules.
    pub(in crate::arena) fn take_spare(&self, count: usize, owner: u32) -> Option<usize> {
        let wanted = Shape::run(count);
        let mut other = None;
        for (at, head) in self.header.spares() {
            if self.granules.get(head)?.shape() != wanted {
                other = Some((at, head));
                continue;
            }
            self.header.unlist_spare(at, head);
            // It may have been unmade since we looked, and another one stand there.
            match self.own_spare(head, owner) {
                Some(found) if found == count || mutant("spare_not_rechecked") => {
                    self.header.reused(count);
                    return Some(head);
                }
                Some(found) => self.unmake_run(head, found, owner),
                None => {}
            }
        }
        // Where much is idle, the new run is to lie in memory that has been used already.
        let much = self.header.has_freed() > fewest_idle(self.granules.len());
        if let Some((at, head)) = other.filter(|_| much) {
            self.header.unlist_spare(at, head);
            self.unmake_spare(head, owner);
        }
        None
    }

    /// All spare runs become free granules.
    pub(in crate::arena) fn unmake_spares(&self, owner: u32) {
        self.spares().for_each(|(head, _)| self.unmake_spare(head, owner));
    }

    /// How many granules there are in spare runs.
    pub(in crate::arena) fn spare(&self) -> usize {
        self.spares().map(|(_, count)| count).sum()
    }

    fn spares(&self) -> impl Iterator<Item = (usize, usize)> {
        let is_spare = |head: usize| self.entries[self.first_unit(head)].is_spare();
        self.extents().filter(move |(head, _)| is_spare(*head)).map(|(head, extent)| (head, extent.count))
    }

    fn unmake_spare(&self, head: usize, owner: u32) {
        if mutant("spare_unmade_unowned") && self.entries[self.first_unit(head)].is_spare() {
            return self.unmake_run(head, self.granules[head].shape().count(), owner);
        }
        if let Some(count) = self.own_spare(head, owner) {
            self.unmake_run(head, count, owner);
        }
    }

    /// Takes the spare run that begins there, if there is one, and says how long it is: for as long as it is ours it stays so.
    fn own_spare(&self, head: usize, owner: u32) -> Option<usize> {
        if !self.entries.get(self.first_unit(head))?.take_spare(owner) {
            return None;
        }
        let count = self.granules[head].shape().count();
        self.header.more_claimed(count);
        Some(count)
    }
}
