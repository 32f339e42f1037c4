//! Blocks of one size, side by side: a block is taken by one compare-and-swap of its owner word, and freed by one store.

use super::words::{FREE, Marker, Shape};
use super::{Extent, Purpose, Table, cache, units_of};
use crate::sync::Ordering;

impl Table {
    #[cold]
    #[inline(never)]
    pub(in crate::arena) fn allocate_small(&self, class: usize, owner: u32, purpose: Purpose) -> Option<u32> {
        cache::adopt(self, owner);
        let hint = self.header.slab_hint(class);
        self.take_in(hint, class, owner, purpose)
            .or_else(|| self.take_anywhere(class, owner, purpose, false))
            .or_else(|| self.take_in_new_slab(class, owner, purpose))
            .or_else(|| {
                self.make_room(owner);
                self.take_anywhere(class, owner, purpose, true)
            })
            .or_else(|| self.take_in_new_slab(class, owner, purpose))
    }

    /// Takes a block in the slab that begins there, if one of that class does.
    fn take_in(&self, head: usize, class: usize, owner: u32, purpose: Purpose) -> Option<u32> {
        let granule = self.granules.get(head)?;
        let Marker::Head = granule.marker() else {
            return None;
        };
        let shape = granule.shape();
        if shape.class() != Some(class) || shape.is_reserved() && purpose == Purpose::Message {
            return None;
        }
        let (first, units, blocks) = (self.first_unit(head), units_of(class), self.slabs[class].blocks);
        let start = cache::cursor(class) % blocks;
        for at in (start..blocks).chain(0..start) {
            let unit = first + at * units;
            let entry = self.entries.get(unit)?;
            if !entry.is_free() || !entry.take(owner) {
                continue;
            }
            if !granule.still_has(shape) {
                // The slab is being retired, or was: this is no block. It may be something else's entry by now, and so
                // is taken back only if it is still ours.
                entry.take_back(owner);
                return None;
            }
            cache::set_cursor(class, at + 1);
            return Some(unit as u32);
        }
        granule.set_full(true);
        None
    }

    /// Looks in all slabs of the class, also in those that are said to be full or not.
    fn take_anywhere(&self, class: usize, owner: u32, purpose: Purpose, full_too: bool) -> Option<u32> {
        for (head, extent) in self.extents() {
            if extent.shape.class() != Some(class) || self.granules[head].is_full() && !full_too {
                continue;
            }
            if let Some(unit) = self.take_in(head, class, owner, purpose) {
                self.header.set_slab_hint(class, head);
                return Some(unit);
            }
        }
        None
    }

    /// Makes a slab, from the lower end, and takes a block in it.
    fn take_in_new_slab(&self, class: usize, owner: u32, purpose: Purpose) -> Option<u32> {
        let count = self.slabs[class].granules;
        let reserved = !self.may_claim(count, Purpose::Message);
        if reserved && (purpose == Purpose::Message || !self.may_claim(count, purpose)) {
            return None;
        }
        let mut first = 0;
        while first + count <= self.granules.len() {
            if let Err(taken) = self.claim_at(first, count, owner) {
                first = taken + 1;
                continue;
            }
            self.granules[first].set_full(false);
            self.granules[first].remember(class);
            self.commit(first, count, Shape::slab(count, class, reserved));
            if let Some(unit) = self.take_in(first, class, owner, purpose) {
                self.header.set_slab_hint(class, first);
                return Some(unit);
            }
            first += count; // others were faster
        }
        None
    }

    #[inline]
    pub(super) fn free_small(&self, extent: &Extent, unit: u32) {
        self.entries[unit as usize].free();
        if self.granules[extent.head].is_full() {
            self.granules[extent.head].set_full(false);
            if let Some(class) = extent.shape.class() {
                self.header.set_slab_hint(class, extent.head);
            }
        }
    }

    /// Makes free granules of the slabs in which nothing is taken.
    #[cold]
    pub(in crate::arena) fn retire_empty_slabs(&self, owner: u32) {
        for (head, extent) in self.extents() {
            let Some(class) = extent.shape.class() else {
                continue;
            };
            if self.is_empty(head, class) && self.granules[head].claim_slab(extent.shape, owner) {
                self.retire(head, extent.shape, owner);
            }
        }
    }

    /// Of a slab whose head is claimed: free granules if it is empty, else a slab again. A sweep redoes it.
    pub(super) fn retire(&self, head: usize, shape: Shape, owner: u32) {
        let count = shape.count();
        match shape.class() {
            Some(class) if !self.is_empty(head, class) => {
                for (distance, granule) in self.granules[head..head + count].iter().enumerate().skip(1) {
                    granule.set_body(distance);
                }
                self.granules[head].set_head(shape);
            }
            _ => self.unmake(head, count, owner),
        }
    }

    fn is_empty(&self, head: usize, class: usize) -> bool {
        // SYNC entry: what was done in a block that is free by now came before.
        self.starts(head, Some(class)).all(|unit| self.entries[unit as usize].owner().load(Ordering::Acquire) == FREE)
    }
}
