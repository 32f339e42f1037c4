//! What a dead owner has left: half-made and half-unmade granules first, then its blocks. Every step may be done again.

use super::Table;
use super::words::{Marker, Shape};
use crate::sync::Ordering;

impl Table {
    pub(in crate::arena) fn sweep(&self, dead: u32, mut visit: impl FnMut(u32)) {
        for at in self.ever_claimed() {
            if self.granules[at].is_claimed_by(dead) {
                self.finish_claim(at, dead);
            }
        }
        // All runs before any slab: a slab that once was may have had a block where a run begins now, and the entry of a
        // run that stands must not be freed as one of its.
        for at in self.ever_claimed() {
            self.sweep_run(at, dead, &mut visit);
        }
        for at in self.ever_claimed() {
            for class in self.granules[at].classes() {
                for unit in self.starts(at, Some(class)) {
                    self.sweep_unit(unit, dead, &mut visit);
                }
            }
        }
        self.recount();
    }

    /// A granule that the dead one was making something of, or unmaking.
    fn finish_claim(&self, at: usize, dead: u32) {
        let granule = &self.granules[at];
        let shape = granule.shape();
        // A run that is half made or half unmade is nobody's block, whatever its entry says.
        if shape.class().is_none() {
            self.sweep_stray(self.first_unit(at), dead);
        }
        if shape.count() == 0 {
            granule.release();
        } else if at + shape.count() <= self.granules.len() {
            self.retire(at, shape, dead);
        }
    }

    fn sweep_run(&self, at: usize, dead: u32, visit: &mut impl FnMut(u32)) {
        if self.granules[at].is_free() {
            return;
        }
        let (Marker::Head, shape) = (self.granules[at].marker(), self.granules[at].shape()) else {
            return;
        };
        let is_run = shape.class().is_none() && shape != Shape::run(0) && at + shape.count() <= self.granules.len();
        let unit = self.first_unit(at);
        if !is_run || !self.is_owned(unit, dead) {
            return;
        }
        if self.entries[unit].kind().is_in_use() {
            visit(unit as u32);
        }
        if self.is_owned(unit, dead) {
            self.unmake_run(at, shape.count(), dead);
        }
    }

    /// A block in a slab, or what a late allocation has left where a slab once was.
    fn sweep_unit(&self, unit: u32, dead: u32, visit: &mut impl FnMut(u32)) {
        if !self.is_owned(unit as usize, dead) {
            return;
        }
        if self.is_start(unit) && self.kind(unit).is_in_use() {
            visit(unit);
        }
        self.sweep_stray(unit as usize, dead);
        if let Some(extent) = self.extent(unit >> self.shift) {
            self.granules[extent.head].set_full(false);
        }
    }

    fn sweep_stray(&self, unit: usize, dead: u32) {
        if self.is_owned(unit, dead) {
            self.entries[unit].set_kind(super::Kind::Unfinished);
            self.entries[unit].take_back(dead);
        }
    }

    fn is_owned(&self, unit: usize, owner: u32) -> bool {
        // SYNC entry: whoever gave the block away, or took it, came before.
        self.entries[unit].owner().load(Ordering::Acquire) == owner
    }
}
