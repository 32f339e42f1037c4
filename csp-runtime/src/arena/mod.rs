//! The arena: the memory that the processes of one program share, and the blocks in it.
//!
//! One nameless file in memory, sealed against resizing, mapped once by the first process. Forked children inherit the
//! mapping at the same address, so a pointer into it means the same to all of them. Nothing outlives the last of them.
//!
//! A **block** is a piece of it, and has one **owner**: a word, written by the same compare-and-swap that takes the block.
//! It is the only truth; all else is a cache that can be made anew, or is validated before use. So a process may be killed
//! at any instruction, and [`sweep`](Arena::sweep) finds what it had. `PROTOCOL.md` tells the steps, and why they suffice.
//!
//! Blocks up to 32 KiB lie in *slabs* of one size, larger ones are *runs* of granules (`CSP_BLOCK_SIZE`). Of what a block
//! occupies at most a third is waste (of the smallest, up to 192 bytes, at most 63 bytes).

mod blocks;
#[cfg(all(not(loom), feature = "backend-processes", target_os = "linux"))]
mod global;
#[cfg(all(not(loom), feature = "backend-processes", target_os = "linux"))]
mod map;
#[cfg(all(test, loom))]
mod model;
#[cfg(all(test, not(loom), csp_steps))]
mod steps;
#[cfg(all(test, not(loom)))]
mod tests;

use std::fmt;
use std::num::NonZeroU32;
use std::ptr::NonNull;

use crate::sync::AtomicU32;
use blocks::Table;
pub(crate) use blocks::cache::forget_cache;
#[cfg(all(test, not(loom), csp_steps))]
pub(crate) use blocks::cache::{Cache, exchange_cache};
#[cfg(all(not(loom), feature = "backend-processes", target_os = "linux"))]
pub(crate) use global::{arena, existing, try_arena};

/// The unit of blocks: a cache line.
pub(crate) const UNIT: usize = 64;

/// A block: its place in units from the arena's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub(crate) struct Block(NonZeroU32);

impl Block {
    /// The number that stands for it in shared memory. [`Arena::check`] turns it back.
    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    /// What [`number`](Self::number) gave, unchecked: for words that only this library's code writes. A wrong number is a panic,
    /// or another's block.
    #[inline]
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }
}

/// Who owns a block: a number of the caller's, for one participant in its whole life (a slot and its generation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub(crate) struct Owner(NonZeroU32);

impl Owner {
    /// What the whole program shares. Nobody sweeps for it, so it neither allocates nor frees: whoever makes such a block
    /// takes it as its own and gives it away when it is written, and takes it back before it frees it.
    pub(crate) const COMMON: Self = Self(NonZeroU32::new(Self::LIMIT - 1).unwrap());

    /// Numbers below this are owners.
    pub(crate) const LIMIT: u32 = 1 << 31;

    /// None if it is zero, or not below [`LIMIT`](Self::LIMIT).
    #[inline]
    pub(crate) const fn of(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(owner) if number < Self::LIMIT => Some(Self(owner)),
            _ => None,
        }
    }

    /// The number in the owner word.
    #[inline]
    pub(crate) const fn number(self) -> u32 {
        self.0.get()
    }
}

/// What is in a block, for whoever finds one whose owner has died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// Taken, but never handed out, or half given back. Nobody knows its number.
    Unfinished = 0,
    /// Free, but kept by its owner for its next allocation.
    Cached = 1,
    Message = 2,
    Channel = 3,
    Frame = 4,
    Slot = 5,
    Mobile = 6,
    Census = 7,
    Desk = 8,
    Ring = 9,
    Holding = 10,
    Legacy = 11,
    /// In use, and not written yet: what is in it means nothing.
    Blank = 12,
}

impl Kind {
    fn from_raw(raw: u32) -> Self {
        match raw {
            1 => Kind::Cached,
            2 => Kind::Message,
            3 => Kind::Channel,
            4 => Kind::Frame,
            5 => Kind::Slot,
            6 => Kind::Mobile,
            7 => Kind::Census,
            8 => Kind::Desk,
            9 => Kind::Ring,
            10 => Kind::Holding,
            11 => Kind::Legacy,
            12 => Kind::Blank,
            _ => Kind::Unfinished,
        }
    }

    /// Whether somebody uses the block.
    fn is_in_use(self) -> bool {
        !matches!(self, Kind::Unfinished | Kind::Cached)
    }
}

/// How far an allocation may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Can wait: refused once three quarters are in use.
    Message,
    /// What lets others go on, and so frees memory: may use all of it.
    Certain,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// What was asked for.
    pub(crate) bytes: usize,
    /// What is taken, in whole granules.
    pub(crate) in_use: usize,
    /// What there is.
    pub(crate) size: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, in_use, size } = self;
        write!(
            out,
            "no room for {bytes} bytes in the memory that processes share: {in_use} of {size} bytes are in use \
             (CSP_MESSAGE_BUFFER, `Config::message_buffer`)"
        )
    }
}

impl std::error::Error for Full {}

/// What is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) blocks: usize,
    /// Their capacities.
    pub(crate) bytes: usize,
}

/// The memory and its blocks, as one process sees them. A forked child's copy says the same.
pub(crate) struct Arena {
    base: NonNull<u8>,
    bytes: usize,
    /// The unit at which blocks begin; before it stands the table.
    first: u32,
    table: Table,
}

// SAFETY: `base` is only computed with; what is shared in the table are atomics.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// Takes a block of at least `bytes`, aligned to [`UNIT`], *not* zeroed.
    ///
    /// Whoever needs its content to be sound when a sweep finds it takes it as [`Kind::Blank`], and
    /// [says](Self::set_kind) what it is when it is written.
    ///
    /// # Errors
    /// If there is no room, or a message is above [`largest`](Self::largest).
    #[inline]
    pub(crate) fn allocate(&self, bytes: usize, kind: Kind, owner: Owner, purpose: Purpose) -> Result<Block, Full> {
        debug_assert!(kind.is_in_use() && owner != Owner::COMMON);
        let unit = self.table.allocate(bytes, kind, owner, purpose);
        match unit {
            Some(unit) => Ok(self.block(unit)),
            None => Err(self.full(bytes)),
        }
    }

    /// Gives a block back. Only its owner may, once.
    #[inline]
    pub(crate) fn free(&self, block: Block) {
        debug_assert!(self.owner(block).load(crate::sync::Ordering::Relaxed) != Owner::COMMON.number());
        if let Some(idle) = self.table.free(self.unit(block)) {
            self.trim(idle, false);
        }
    }

    /// Who owns it: the truth. To give a block away is one store of this word by its owner, or one compare-and-swap.
    #[inline]
    pub(crate) fn owner(&self, block: Block) -> &AtomicU32 {
        self.table.owner(self.unit(block))
    }

    /// Where its bytes are.
    #[inline]
    pub(crate) fn payload(&self, block: Block) -> NonNull<u8> {
        let offset = block.number() as usize * UNIT;
        assert!(offset < self.bytes, "a block beyond the arena");
        // SAFETY: it lies in the mapping, by the assertion.
        unsafe { self.base.byte_add(offset) }
    }

    /// The block whose bytes begin there.
    pub(crate) fn block_of(&self, payload: *const u8) -> Option<Block> {
        let offset = payload.addr().checked_sub(self.base.addr().get())?;
        if !offset.is_multiple_of(UNIT) {
            return None;
        }
        self.check(u32::try_from(offset / UNIT).ok()?)
    }

    /// The same, of bytes that are known to be some block's: that is not looked up. None: they lie elsewhere.
    #[inline]
    pub(crate) fn block_at(&self, payload: *const u8) -> Option<Block> {
        let offset = payload.addr().wrapping_sub(self.base.addr().get());
        if offset < self.bytes { Block::from_number((offset / UNIT) as u32) } else { None }
    }

    /// How many bytes it holds.
    #[inline]
    pub(crate) fn capacity(&self, block: Block) -> usize {
        self.table.capacity(self.unit(block)) * UNIT
    }

    /// What is in it.
    #[inline]
    pub(crate) fn kind(&self, block: Block) -> Kind {
        self.table.kind(self.unit(block))
    }

    /// Says what is in it now.
    #[inline]
    pub(crate) fn set_kind(&self, block: Block, kind: Kind) {
        debug_assert!(kind.is_in_use());
        self.table.set_kind(self.unit(block), kind);
    }

    /// Whether these bytes lie among the blocks. It does not say that they are one block's.
    #[inline]
    pub(crate) fn contains(&self, start: *const u8, bytes: usize) -> bool {
        let low = self.first as usize * UNIT;
        let offset = start.addr().wrapping_sub(self.base.addr().get());
        offset >= low && offset < self.bytes && bytes <= self.bytes - offset
    }

    /// Whether these bytes lie in the mapping: among the blocks, or in the table, where the owners stand.
    #[inline]
    pub(crate) fn is_mapped(&self, start: *const u8, bytes: usize) -> bool {
        let offset = start.addr().wrapping_sub(self.base.addr().get());
        offset < self.bytes && bytes <= self.bytes - offset
    }

    /// The block of a number that was read from shared memory, if there is one, and somebody owns it.
    pub(crate) fn check(&self, number: u32) -> Option<Block> {
        let unit = number.checked_sub(self.first)?;
        self.table.is_block(unit).then(|| self.block(unit))
    }

    /// Shows every block in use of an owner that has **died** to `visit`, which may give it to another owner, and frees what
    /// is left, and whatever that owner was in the middle of.
    ///
    /// It may be killed itself, and be run again by another, but not by two at once for the same owner. `visit` may not
    /// allocate or free.
    pub(crate) fn sweep(&self, owner: Owner, mut visit: impl FnMut(Block)) {
        self.table.sweep(owner.number(), |unit| visit(self.block(unit)));
    }

    /// Frees what this thread keeps for its next allocations: its process is about to end. True: other threads may keep something too,
    /// which only a sweep finds.
    pub(crate) fn flush_cache(&self) -> bool {
        blocks::cache::flush(&self.table);
        blocks::cache::has_other_keepers()
    }

    /// Shows every block in use, and its owner. What others allocate and free meanwhile may be missing.
    pub(crate) fn each(&self, mut visit: impl FnMut(Block, Owner)) {
        self.table.each(|unit, owner| {
            if let Some(owner) = Owner::of(owner) {
                visit(self.block(unit), owner);
            }
        });
    }

    /// What is in use: exact when nobody allocates.
    pub(crate) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        self.table.each(|unit, _| {
            usage.blocks += 1;
            usage.bytes += self.table.capacity(unit) * UNIT;
        });
        usage
    }

    /// The bytes of all blocks together.
    pub(crate) fn size(&self) -> usize {
        self.bytes - self.first as usize * UNIT
    }

    /// The largest message that is accepted: a quarter of the arena.
    pub(crate) fn largest(&self) -> usize {
        self.table.largest() * UNIT
    }

    /// Gives the memory of all that is free back to the system. `owner` is the caller.
    pub(crate) fn give_back(&self, owner: Owner) {
        self.table.retire_empty_slabs(owner.number());
        self.trim(owner.number(), true);
    }

    #[cold]
    fn trim(&self, owner: u32, all: bool) {
        self.table.trim(owner, all, |unit, units| self.discard(self.first + unit, units));
    }

    /// The error of a wish for so many bytes.
    #[cold]
    pub(crate) fn full(&self, bytes: usize) -> Full {
        Full { bytes, in_use: self.table.claimed() * UNIT, size: self.size() }
    }

    #[inline]
    fn block(&self, unit: u32) -> Block {
        Block(NonZeroU32::new(unit + self.first).expect("the table comes first"))
    }

    #[inline]
    fn unit(&self, block: Block) -> u32 {
        block.number() - self.first
    }

    #[cfg(any(loom, not(all(feature = "backend-processes", target_os = "linux"))))]
    fn discard(&self, _unit: u32, _units: u32) {}
}
