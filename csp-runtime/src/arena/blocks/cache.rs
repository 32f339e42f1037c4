//! A few free blocks that each thread keeps for its next allocations. They have an owner all the time, so nothing is lost
//! with a process that is killed; a forked child has to forget them.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{CLASSES, Table, units_of};

/// How many blocks of one class are kept.
const MOST: usize = 4;

/// How many units in all: processes are many, and what one keeps the others cannot have.
const MOST_UNITS: usize = 256;

pub(crate) struct Cache {
    /// Whose blocks they are: the table's address, and the owner.
    table: Cell<usize>,
    owner: Cell<u32>,
    units: Cell<usize>,
    counts: [Cell<u8>; CLASSES],
    blocks: [[Cell<u32>; MOST]; CLASSES],
    /// Where to go on looking in a slab.
    cursors: [Cell<u32>; CLASSES],
}

#[cfg(all(not(loom), feature = "backend-processes", target_os = "linux"))]
impl Drop for Cache {
    /// The thread ends: what it keeps goes back.
    fn drop(&mut self) {
        if let Some(arena) = super::super::existing() {
            self.flush(&arena.table);
        }
    }
}

thread_local! {
    static CACHE: Cache = const { Cache::new() };
}

/// How many threads of this process may keep something.
static KEEPERS: AtomicU32 = AtomicU32::new(0);

/// Under loom all threads of a model are one thread, and would share what is kept.
const KEEPS: bool = cfg!(not(loom));

impl Cache {
    pub(crate) const fn new() -> Self {
        Self {
            table: Cell::new(0),
            owner: Cell::new(0),
            units: Cell::new(0),
            counts: [const { Cell::new(0) }; CLASSES],
            blocks: [const { [const { Cell::new(0) }; MOST] }; CLASSES],
            cursors: [const { Cell::new(0) }; CLASSES],
        }
    }

    #[inline]
    fn is_of(&self, table: &Table, owner: u32) -> bool {
        self.owner.get() == owner && self.table.get() == identity(table)
    }

    #[inline]
    fn take(&self, class: usize) -> Option<u32> {
        let count = self.counts[class].get().checked_sub(1)?;
        self.counts[class].set(count);
        self.units.set(self.units.get() - units_of(class));
        Some(self.blocks[class][usize::from(count)].get())
    }

    #[inline]
    fn keep(&self, table: &Table, class: usize, owner: u32, unit: u32) -> bool {
        let count = usize::from(self.counts[class].get());
        let units = self.units.get() + units_of(class);
        if units > MOST_UNITS || count == MOST || !self.is_of(table, owner) {
            return false;
        }
        // First the shared word: whoever is killed between the two has a spare block without knowing it.
        table.set_kind(unit, super::Kind::Cached);
        self.blocks[class][count].set(unit);
        self.counts[class].set(count as u8 + 1);
        self.units.set(units);
        true
    }

    fn forget(&self) {
        self.counts.iter().for_each(|count| count.set(0));
        self.units.set(0);
    }

    fn flush(&self, table: &Table) {
        if self.table.get() != identity(table) {
            return;
        }
        for class in 0..CLASSES {
            while let Some(unit) = self.take(class) {
                if let Some(extent) = table.extent(unit >> table.shift) {
                    table.free_small(&extent, unit);
                }
            }
        }
    }
}

/// A block of the class, if one is kept for this owner.
#[inline]
pub(super) fn take(table: &Table, class: usize, owner: u32) -> Option<u32> {
    let take = |cache: &Cache| if cache.is_of(table, owner) { cache.take(class) } else { None };
    CACHE.try_with(take).ok().flatten() // none while the thread ends
}

/// Keeps a block that its owner frees, if there is room.
#[inline]
pub(super) fn keep(table: &Table, class: usize, owner: u32, unit: u32) -> bool {
    KEEPS && CACHE.try_with(|cache| cache.keep(table, class, owner, unit)).unwrap_or(false)
}

/// From now on what this owner frees is kept.
pub(super) fn adopt(table: &Table, owner: u32) {
    let _ = CACHE.try_with(|cache| {
        if KEEPS && !cache.is_of(table, owner) {
            cache.flush(table);
            cache.forget();
            KEEPERS.fetch_add(1, Ordering::Relaxed);
            cache.owner.set(owner);
            cache.table.set(identity(table));
        }
    });
}

/// Frees what this thread keeps.
pub(in crate::arena) fn flush(table: &Table) {
    let _ = CACHE.try_with(|cache| cache.flush(table));
}

/// Whether other threads of this process may keep something.
pub(in crate::arena) fn has_other_keepers() -> bool {
    KEEPERS.load(Ordering::Relaxed) > 1
}

/// Forgets what this thread keeps, without freeing it. A forked child calls it before anything else: the blocks are its
/// parent's.
pub(crate) fn forget_cache() {
    let _ = CACHE.try_with(Cache::forget);
    KEEPERS.store(0, Ordering::Relaxed);
}

/// What a simulated process keeps here while another one runs, for what this one keeps.
#[cfg(all(test, not(loom), csp_steps))]
pub(crate) fn exchange_cache(other: &Cache) {
    CACHE.with(|cache| {
        cache.table.swap(&other.table);
        cache.owner.swap(&other.owner);
        cache.units.swap(&other.units);
        cache.counts.iter().zip(&other.counts).for_each(|(one, other)| one.swap(other));
        cache.blocks.iter().flatten().zip(other.blocks.iter().flatten()).for_each(|(one, other)| one.swap(other));
        cache.cursors.iter().zip(&other.cursors).for_each(|(one, other)| one.swap(other));
    });
}

/// Where this thread goes on looking in slabs of the class.
pub(super) fn cursor(class: usize) -> usize {
    if KEEPS { CACHE.try_with(|cache| cache.cursors[class].get() as usize).unwrap_or(0) } else { 0 }
}

pub(super) fn set_cursor(class: usize, at: usize) {
    if KEEPS {
        let _ = CACHE.try_with(|cache| cache.cursors[class].set(at as u32));
    }
}

fn identity(table: &Table) -> usize {
    (&raw const *table.header).addr()
}
