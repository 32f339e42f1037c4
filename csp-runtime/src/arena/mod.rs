//! The arena: memory that all processes of a program share, in blocks that each have one owner. See `PROTOCOL.md` beside this file.
//!
//! It is one anonymous memory file, mapped by the program's first process and inherited by those that it forks at the same address, so a
//! pointer into it means the same to all. Who owns a block stands in one word, and is the truth; everything else can be recomputed.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "finding a word of the tables and looking at it are one argument"
)]

mod blocks;
mod map;

use std::fmt;
use std::num::NonZeroU32;
use std::ptr::NonNull;
use std::sync::OnceLock;

pub(crate) use blocks::Arena;

/// The grain in which blocks are named and aligned, in bytes.
pub(crate) const UNIT: usize = 64;

static ARENA: OnceLock<Arena> = OnceLock::new();

/// The arena, made at the first use.
///
/// # Panics
/// If it cannot be made; the text names the setting.
#[inline]
pub(crate) fn arena() -> &'static Arena {
    ARENA.get_or_init(|| Arena::new(crate::config::effective().message_buffer))
}

/// A block, by the number of the unit where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Block(NonZeroU32);

impl Block {
    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    /// What [`number`](Self::number) gave, unchecked: for words that only this library's code writes.
    #[inline]
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }
}

/// Who owns a block: the number of a process's slot, or everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Owner(NonZeroU32);

impl Owner {
    /// The whole program: such a block is freed by whoever sees that nobody needs it.
    pub(crate) const COMMON: Owner = Owner(NonZeroU32::MAX);

    pub(crate) fn of(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }
}

/// What a block is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// It was taken a moment ago, by a process that died before it said what for.
    Unknown = 0,
    Census,
    Slot,
    Desk,
    Frame,
    Channel,
    Ring,
    Holding,
    Message,
    Mobile,
    Legacy,
}

impl Kind {
    fn of(number: u8) -> Self {
        const KINDS: [Kind; 11] = [
            Kind::Unknown,
            Kind::Census,
            Kind::Slot,
            Kind::Desk,
            Kind::Frame,
            Kind::Channel,
            Kind::Ring,
            Kind::Holding,
            Kind::Message,
            Kind::Mobile,
            Kind::Legacy,
        ];
        KINDS.get(usize::from(number)).copied().unwrap_or(Kind::Unknown)
    }
}

/// How badly a block is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// For a message that may wait: refused once three quarters of the arena are in use.
    Message,
    /// For what must go on: it may use all of it.
    Certain,
}

/// There is no room for a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    bytes: usize,
    in_use: usize,
    size: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "the memory that processes share is full: {} bytes wanted, {} of {} in use; raise `CSP_MESSAGE_BUFFER` or \
             `Config::message_buffer`",
            self.bytes, self.in_use, self.size
        )
    }
}

impl Arena {
    /// The error of a wish for so many bytes.
    pub(crate) fn full(&self, bytes: usize) -> Full {
        Full { bytes, in_use: self.in_use(), size: self.size() }
    }

    /// Whether so many bytes from `start` on are inside.
    #[inline]
    pub(crate) fn contains(&self, start: *const u8, bytes: usize) -> bool {
        let offset = start.addr().wrapping_sub(self.base().addr().get());
        offset < self.size() && bytes <= self.size() - offset
    }

    /// The block with this number, which was read from shared memory, if there can be one.
    #[inline]
    pub(crate) fn check(&self, number: u32) -> Option<Block> {
        let block = NonZeroU32::new(number)?;
        ((number as usize) < self.size() / UNIT).then_some(Block(block))
    }

    #[inline]
    pub(crate) fn payload(&self, block: Block) -> NonNull<u8> {
        // SAFETY: `check` or `allocate` made it, so it is inside.
        unsafe { self.base().add(block.number() as usize * UNIT) }
    }

    /// The block that begins at `payload`, if one can.
    #[inline]
    pub(crate) fn block_of(&self, payload: *const u8) -> Option<Block> {
        let offset = payload.addr().wrapping_sub(self.base().addr().get());
        (offset < self.size() && offset.is_multiple_of(UNIT)).then(|| self.check((offset / UNIT) as u32))?
    }
}
