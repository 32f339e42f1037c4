//! The messages inside a buffered channel of the arena.

use std::ptr::NonNull;

use super::home::{ENVELOPE, Parcel, Shared};
use crate::arena::{Block, Kind, Owner, Purpose, arena};
use crate::rendezvous::home::{Buffer, Home};
use crate::sync::{Guarded, Held, Journal};

/// A ring of parcels in a block of its own.
pub(crate) struct Ring {
    block: Block,
    capacity: u32,
    size: usize,
    first: Guarded<u32>,
    len: Guarded<u32>,
}

impl Ring {
    /// For `capacity` messages of `size`. None if the arena has no room for it.
    pub(super) fn new(capacity: usize, size: usize) -> Option<Self> {
        let bytes = capacity.checked_mul(size_of::<Parcel>())?;
        let block = arena().allocate(bytes, Kind::Ring, super::census::me().owner(), Purpose::Certain).ok()?;
        let ring =
            Self { block, capacity: u32::try_from(capacity).ok()?, size, first: Guarded::new(0), len: Guarded::new(0) };
        for index in 0..ring.capacity {
            // SAFETY: inside the new block.
            unsafe { Parcel::open(ring.cell(index), Owner::COMMON) };
        }
        Some(ring)
    }

    fn cell(&self, index: u32) -> *mut Parcel {
        let cells: NonNull<Parcel> = arena().payload(self.block).cast();
        // SAFETY: inside the block.
        unsafe { cells.as_ptr().add((index % self.capacity) as usize) }
    }

    /// Where it lies, to be freed with the channel.
    pub(super) fn block(&self) -> Block {
        self.block
    }
}

/// Blocks of messages that nobody will receive.
pub(crate) struct Leftovers(Vec<u32>);

impl Drop for Leftovers {
    fn drop(&mut self) {
        self.0.iter().for_each(|block| super::message::abandon(*block));
    }
}

impl Buffer<Shared> for Ring {
    type Leftovers = Leftovers;

    fn len(&self, lock: &Held<<Shared as Home>::Journal>) -> usize {
        self.len.get(lock) as usize
    }

    unsafe fn push(&mut self, from: *mut Parcel, lock: &Held<<Shared as Home>::Journal>) {
        let len = self.len.get(lock);
        // SAFETY: by the caller; the cell is free.
        unsafe { Shared::carry(from, self.cell(self.first.get(lock) + len), self.size, lock) };
        self.len.set(len + 1, lock);
    }

    unsafe fn pop(&mut self, to: *mut Parcel, lock: &Held<<Shared as Home>::Journal>) {
        let (first, len) = (self.first.get(lock), self.len.get(lock));
        // SAFETY: by the caller; the cell holds a message.
        unsafe { Shared::carry(self.cell(first), to, self.size, lock) };
        self.first.set((first + 1) % self.capacity, lock);
        self.len.set(len.saturating_sub(1), lock);
    }

    fn drain(&mut self, lock: &Held<<Shared as Home>::Journal>) -> Leftovers {
        let mut left = Vec::new();
        let mine = super::census::me().owner();
        while self.len.get(lock) > 0 {
            let mut parcel = Parcel::empty(mine);
            // SAFETY: there is a message; the parcel has room.
            unsafe { self.pop(&raw mut parcel, lock) };
            if self.size == ENVELOPE {
                // SAFETY: it is one.
                left.push(unsafe { Parcel::envelope(&raw const parcel) }.block);
            }
            // One after the other is final: the journal is not long enough for all.
            lock.journal().commit();
        }
        left.retain(|block| *block != 0);
        Leftovers(left)
    }
}
