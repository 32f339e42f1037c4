//! The table: which granules are slabs, runs or free, and who owns each block. Units here count from the first block.

pub(super) mod cache;
mod runs;
mod sizes;
mod slabs;
mod spares;
mod sweep;
mod words;

use crate::sync::{AtomicU32, Ordering};

use super::{Kind, Owner, Purpose};
use sizes::{CLASSES, LARGEST_CLASS, SlabShape, class_of, units_of};
#[cfg(all(test, not(loom), csp_steps))]
pub(super) use words::SPARE;
pub(super) use words::{Entry, Granule, Header};
use words::{Marker, Shape};

/// The shared words, and what every process has computed about them alike.
pub(super) struct Table {
    header: &'static Header,
    granules: &'static [Granule],
    /// One for each unit.
    entries: &'static [Entry],
    /// A granule has two to the power of this many units.
    shift: u32,
    slabs: [SlabShape; CLASSES],
}

impl Table {
    /// # Panics
    /// If the numbers do not fit together.
    pub(super) fn new(
        header: &'static Header,
        granules: &'static [Granule],
        entries: &'static [Entry],
        shift: u32,
    ) -> Self {
        assert_eq!(granules.len() << shift, entries.len());
        assert!(granules.len() <= Shape::MOST_GRANULES);
        Self { header, granules, entries, shift, slabs: sizes::shapes(1 << shift) }
    }

    #[inline]
    pub(super) fn owner(&self, unit: u32) -> &AtomicU32 {
        self.entries[unit as usize].owner()
    }

    #[inline]
    pub(super) fn kind(&self, unit: u32) -> Kind {
        self.entries[unit as usize].kind()
    }

    #[inline]
    pub(super) fn set_kind(&self, unit: u32, kind: Kind) {
        self.entries[unit as usize].set_kind(kind);
    }

    /// The largest message in units.
    pub(super) fn largest(&self) -> usize {
        self.granules.len().div_ceil(4) << self.shift
    }

    /// How many units are taken, in whole granules.
    pub(super) fn claimed(&self) -> usize {
        self.recount() << self.shift
    }

    #[inline]
    pub(super) fn allocate(&self, bytes: usize, kind: Kind, owner: Owner, purpose: Purpose) -> Option<u32> {
        let units = bytes.div_ceil(super::UNIT).max(1);
        if units > LARGEST_CLASS {
            return self.allocate_run(units, kind, owner.number(), purpose);
        }
        let class = class_of(units);
        let unit = match cache::take(self, class, owner.number()) {
            Some(unit) => unit,
            None => self.allocate_small(class, owner.number(), purpose)?,
        };
        self.set_kind(unit, kind);
        Some(unit)
    }

    #[cold]
    #[inline(never)]
    fn allocate_run(&self, units: usize, kind: Kind, owner: u32, purpose: Purpose) -> Option<u32> {
        if purpose == Purpose::Message && units > self.largest() {
            return None;
        }
        let count = units.div_ceil(1 << self.shift);
        let unit = self.take_run(count, owner, purpose).or_else(|| {
            self.make_room(owner);
            self.take_run(count, owner, purpose)
        })?;
        self.set_kind(unit, kind);
        Some(unit)
    }

    /// Frees a block. Some(owner): so much has been freed that the memory of free granules may be worth giving back.
    #[inline]
    pub(super) fn free(&self, unit: u32) -> Option<u32> {
        let entry = &self.entries[unit as usize];
        let owner = entry.owner().load(Ordering::Relaxed); // it is the caller
        debug_assert!(entry.kind().is_in_use(), "unit {unit} of owner {owner:#x} is freed twice");
        let extent = self.extent(unit >> self.shift)?;
        match extent.shape.class() {
            Some(class) => {
                let kept = !extent.shape.is_reserved() && cache::keep(self, class, owner, unit);
                if !kept {
                    self.free_small(&extent, unit);
                }
                None
            }
            None => {
                self.free_run(extent.head, extent.count, owner);
                self.header.freed(extent.count, self.granules.len()).then_some(owner)
            }
        }
    }

    /// How many units the block has; 0 if there is none.
    #[inline]
    pub(super) fn capacity(&self, unit: u32) -> usize {
        self.extent(unit >> self.shift).map_or(0, |extent| match extent.shape.class() {
            Some(class) => units_of(class),
            None => extent.count << self.shift,
        })
    }

    /// Whether a block begins there, and has an owner.
    pub(super) fn is_block(&self, unit: u32) -> bool {
        self.is_start(unit) && self.entries[unit as usize].has_owner()
    }

    /// Whether a block may begin there as the granules are now.
    fn is_start(&self, unit: u32) -> bool {
        let Some(extent) = self.extent(unit >> self.shift) else {
            return false;
        };
        let within = unit as usize - self.first_unit(extent.head);
        match extent.shape.class() {
            Some(class) => {
                let units = units_of(class);
                within.is_multiple_of(units) && within / units < self.slabs[class].blocks
            }
            None => within == 0,
        }
    }

    /// The run or slab that a granule belongs to.
    #[inline]
    fn extent(&self, granule: u32) -> Option<Extent> {
        let granule = granule as usize;
        let head = match self.granules.get(granule)?.marker() {
            Marker::Body(distance) => granule.checked_sub(distance)?,
            _ => granule,
        };
        let shape = self.granules[head].shape();
        let count = shape.count();
        (granule - head < count && head + count <= self.granules.len()).then_some(Extent { head, count, shape })
    }

    fn first_unit(&self, granule: usize) -> usize {
        granule << self.shift
    }

    /// Shows every block in use with its owner word.
    pub(super) fn each(&self, mut visit: impl FnMut(u32, u32)) {
        for (head, extent) in self.extents() {
            for unit in self.starts(head, extent.shape.class()) {
                let owner = self.owner(unit).load(Ordering::Relaxed);
                if words::is_owner(owner) && self.kind(unit).is_in_use() {
                    visit(unit, owner);
                }
            }
        }
    }

    /// The committed runs and slabs, by their heads.
    fn extents(&self) -> impl Iterator<Item = (usize, Extent)> {
        let heads = self.ever_claimed().filter(|at| matches!(self.granules[*at].marker(), Marker::Head));
        heads.filter_map(|head| Some((head, self.extent(u32::try_from(head).ok()?)?)))
    }

    /// The granules that have ever been claimed, and a few others.
    fn ever_claimed(&self) -> impl Iterator<Item = usize> + use<> {
        let all = self.granules.len();
        let never = self.header.never_claimed(all);
        (0..never.start).chain(never.end..all)
    }

    /// Where blocks begin in a slab of the class, or in a run, at `head`.
    fn starts(&self, head: usize, class: Option<usize>) -> impl Iterator<Item = u32> + use<> {
        let first = self.first_unit(head);
        let (blocks, units) = class.map_or((1, 1), |class| (self.slabs[class].blocks, units_of(class)));
        let end = self.entries.len();
        (0..blocks).map(move |at| first + at * units).filter(move |unit| *unit < end).map(|unit| unit as u32)
    }

    /// Nothing was free: spare runs and empty slabs become free granules, and own spare blocks free blocks.
    #[cold]
    fn make_room(&self, owner: u32) {
        cache::flush(self);
        self.unmake_spares(owner);
        self.retire_empty_slabs(owner);
        self.recount();
    }

    /// Whether so many granules more may be taken for this purpose, by the counter or, if that says no, by a count.
    fn may_claim(&self, count: usize, purpose: Purpose) -> bool {
        let all = self.granules.len();
        let limit = if purpose == Purpose::Message { all - all / 4 } else { all };
        self.header.claimed() + count <= limit || self.recount() + count <= limit
    }

    /// Counts the granules that are taken, and corrects the counter, which a killed process may have left wrong.
    fn recount(&self) -> usize {
        let taken = self.ever_claimed().filter(|at| !self.granules[*at].is_free()).count();
        let count = taken.saturating_sub(self.spare());
        self.header.set_claimed(count);
        count
    }

    /// What is still marked with this owner: for tests.
    #[cfg(any(test, loom))]
    pub(super) fn traces(&self, owner: u32) -> usize {
        let claims = self.granules.iter().filter(|granule| granule.is_claimed_by(owner)).count();
        let entries = self.entries.iter().filter(|entry| entry.owner().load(Ordering::Relaxed) == owner).count();
        claims + entries
    }
}

/// A run, or a slab.
struct Extent {
    head: usize,
    /// In granules.
    count: usize,
    shape: Shape,
}
