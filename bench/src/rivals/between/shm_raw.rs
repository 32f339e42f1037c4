//! The best that raw shared memory gives: no allocator, no queue, no death; one sender and one receiver that wait by
//! spinning, then by futex.
//!
//! A rendezvous: the receiver counts `ready` up when it has come, the sender waits for that, and counts `published` up
//! when the message is there. A receiver that has come is committed, so the sender returns at once. What is large goes
//! through four slots of 64 KiB each, so that one side fills a slot while the other empties the one before.

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};

use super::futex::{Counter, spins};
use super::{Bytes, Numbers};
use crate::shared::Shared;

pub(super) struct ShmRaw;

/// Two cache lines of its own: neighbouring lines are fetched together.
#[derive(Zeroable)]
#[repr(C, align(128))]
struct Apart<T>(T);

/// What the sender writes and the receiver reads.
#[derive(Zeroable)]
#[repr(C)]
struct Published {
    count: Counter,
    number: AtomicU64,
}

#[derive(Zeroable)]
#[repr(C)]
struct Lane {
    /// Messages that the receiver has come for.
    ready: Apart<Counter>,
    published: Apart<Published>,
}

/// One end of a lane.
pub(super) struct End {
    lanes: Arc<Shared<Lane>>,
    place: usize,
    /// Messages so far.
    count: u32,
    spins: u32,
}

pub(super) struct Yard {
    lanes: Arc<Shared<Lane>>,
    used: usize,
    spins: u32,
}

impl Numbers for ShmRaw {
    type Yard = Yard;
    type Sender = End;
    type Receiver = End;

    fn yard(wires: usize, processes: usize) -> Yard {
        Yard { lanes: Arc::new(Shared::new(wires)), used: 0, spins: spins(processes) }
    }

    fn wire(yard: &mut Yard) -> (End, End) {
        let end = || End { lanes: Arc::clone(&yard.lanes), place: yard.used, count: 0, spins: yard.spins };
        let ends = (end(), end());
        yard.used += 1;
        ends
    }

    #[inline]
    fn send(sender: &mut End, number: u64) {
        let lane = &sender.lanes[sender.place];
        lane.ready.0.wait_beyond(sender.count, sender.spins);
        sender.count = sender.count.wrapping_add(1);
        // The receiver reads it once it sees the count.
        lane.published.0.number.store(number, Ordering::Relaxed);
        lane.published.0.count.advance_to(sender.count);
    }

    #[inline]
    fn recv(receiver: &mut End) -> u64 {
        let lane = &receiver.lanes[receiver.place];
        let before = receiver.count;
        receiver.count = before.wrapping_add(1);
        lane.ready.0.advance_to(receiver.count);
        lane.published.0.count.wait_beyond(before, receiver.spins);
        lane.published.0.number.load(Ordering::Relaxed)
    }
}

const SLOTS: u32 = 4;
const SLOT: usize = 64 << 10;

#[derive(Zeroable)]
#[repr(C, align(128))]
struct Slot(UnsafeCell<[u8; SLOT]>);

/// A slot is the sender's from when it has been emptied to when it is filled, and the receiver's in between.
#[derive(Zeroable)]
#[repr(C)]
struct Belt {
    /// Messages that the receiver has come for.
    ready: Apart<Counter>,
    filled: Apart<Counter>,
    emptied: Apart<Counter>,
    slots: [Slot; SLOTS as usize],
}

// SAFETY: the counters say whose a slot is; see `Belt`.
unsafe impl Sync for Belt {}

/// One end of a belt.
pub(super) struct BeltEnd {
    belt: Arc<Shared<Belt>>,
    messages: u32,
    /// Slots filled or emptied so far.
    slots: u32,
    spins: u32,
}

impl BeltEnd {
    fn place(&self) -> *mut u8 {
        self.belt[0].slots[(self.slots % SLOTS) as usize].0.get().cast()
    }
}

impl Bytes for ShmRaw {
    type Sender = BeltEnd;
    type Receiver = BeltEnd;

    fn wire(_bytes: usize) -> (BeltEnd, BeltEnd) {
        let belt = Arc::new(Shared::new(1));
        let end = || BeltEnd { belt: Arc::clone(&belt), messages: 0, slots: 0, spins: spins(2) };
        (end(), end())
    }

    fn send<T: Pod>(sender: &mut BeltEnd, message: &[T]) {
        sender.belt[0].ready.0.wait_beyond(sender.messages, sender.spins);
        sender.messages = sender.messages.wrapping_add(1);
        for part in cast_slice::<T, u8>(message).chunks(SLOT) {
            let belt = &sender.belt[0];
            // Full while it is four ahead of what has been emptied.
            belt.emptied.0.wait_beyond(sender.slots.wrapping_sub(SLOTS), sender.spins);
            // SAFETY: the slot is the sender's, and no smaller than a part.
            unsafe { sender.place().copy_from_nonoverlapping(part.as_ptr(), part.len()) };
            sender.slots = sender.slots.wrapping_add(1);
            belt.filled.0.advance_to(sender.slots);
        }
    }

    fn recv<T: Pod>(receiver: &mut BeltEnd, room: &mut Vec<T>) {
        receiver.messages = receiver.messages.wrapping_add(1);
        receiver.belt[0].ready.0.advance_to(receiver.messages);
        for part in cast_slice_mut::<T, u8>(room).chunks_mut(SLOT) {
            let belt = &receiver.belt[0];
            belt.filled.0.wait_beyond(receiver.slots, receiver.spins);
            // SAFETY: the slot is the receiver's, and no smaller than a part.
            unsafe { receiver.place().copy_to_nonoverlapping(part.as_mut_ptr(), part.len()) };
            receiver.slots = receiver.slots.wrapping_add(1);
            belt.emptied.0.advance_to(receiver.slots);
        }
    }
}
