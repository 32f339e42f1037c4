//! Mobile data in the arena: a block that changes its owner, never its place.
//!
//! The block begins with a [`Head`], and the data stands one unit or more behind it. Who holds the data owns the block. On its way
//! the data has a ticket, and is still its sender's (or everybody's, if the sender has ended): whoever buries a sender looks whether a
//! living message has the ticket. Whatever a process has a copy of without owning it (it is behind a reference, and stays the
//! starter's) is never freed there, and is copied if it is sent on.

use std::alloc::Layout;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use super::census;
use super::ownership::{free_from, is_owned_by, pass};
use crate::arena::{Block, Full, Kind, Owner, Purpose, UNIT, arena};
use crate::backend::{Backend, default};
use crate::process::here::current;
use crate::process::released;
use crate::sync::step;

/// The start of each block of mobile data.
#[repr(C)]
struct Head {
    /// The block's own number. It stands once more in the unit just before the data.
    block: u32,
    /// Not 0: the data is on its way, under a ticket with this upper half.
    serial: AtomicU32,
    size: u64,
    align: u64,
}

/// So that the ticket of a block is another one each time. Never 0 in a ticket, as the lowest bit is set.
static SERIAL: AtomicU32 = AtomicU32::new(1);

/// Tickets for the arena have this bit, so that others can be told from them.
const IN_ARENA: u64 = 1 << 63;

/// Whether new mobile data is to lie in the arena: other OS processes may come to see it.
pub(crate) fn is_wanted() -> bool {
    census::is_founded() || current(|context| default::backend(context.chosen())) == Backend::Processes
}

/// Whether a ticket is one for the arena.
pub(crate) fn is_ticket(ticket: u64) -> bool {
    ticket & IN_ARENA != 0
}

/// Room for data of this layout, which is this process's.
///
/// # Panics
/// If the arena is full, naming the setting.
pub(crate) fn allocate(layout: Layout) -> NonNull<u8> {
    try_allocate(layout).unwrap_or_else(|full| panic!("{full}"))
}

/// The same, for whoever can do without.
pub(crate) fn try_allocate(layout: Layout) -> Result<NonNull<u8>, Full> {
    let me = census::me().owner();
    let more = layout.align().saturating_sub(UNIT);
    let bytes = layout.size().saturating_add(UNIT + more);
    let block = arena().allocate(bytes, Kind::Blank, me, Purpose::Certain)?;
    let start = arena().payload(block);
    let head = Head {
        block: block.number(),
        serial: AtomicU32::new(0),
        size: layout.size() as u64,
        align: layout.align() as u64,
    };
    // SAFETY: a new block, in which a head fits before the data.
    unsafe { start.cast::<Head>().write(head) };
    let data = data_of(start, layout.align());
    // SAFETY: the data begins at least one unit behind the start.
    let note = unsafe { data.sub(UNIT) };
    // SAFETY: a unit of the block; it is the head itself, or holds nothing else.
    unsafe { note.cast::<u32>().write(block.number()) };
    arena().set_kind(block, Kind::Mobile);
    Ok(data)
}

/// Where data of this alignment begins in a block.
fn data_of(start: NonNull<u8>, align: usize) -> NonNull<u8> {
    let behind = start.addr().get() + UNIT;
    let offset = behind.next_multiple_of(align) - start.addr().get();
    // SAFETY: inside the block: it is longer than its data by what this can be.
    unsafe { start.add(offset) }
}

/// The block of the data at `place`, if it lies in the arena.
fn block_of(place: NonNull<u8>) -> Option<Block> {
    if !census::is_founded() || !arena().contains(place.as_ptr(), 0) {
        return None;
    }
    // SAFETY: data in the arena has a unit before it.
    let note = unsafe { place.sub(UNIT) };
    // SAFETY: written by `allocate`; it stays while the data does.
    arena().check(unsafe { note.cast::<u32>().read() })
}

/// Whether mobile data lies in the arena.
pub(crate) fn is_here(place: NonNull<u8>) -> bool {
    census::is_founded() && arena().contains(place.as_ptr(), 0)
}

fn head(block: Block) -> &'static Head {
    // SAFETY: a block of this kind begins with a head, or old bytes, of which only numbers are used; blocks stay mapped.
    unsafe { arena().payload(block).cast::<Head>().as_ref() }
}

/// The data at `place` goes along with a process that is forked; false if it is not `from`'s, or not in the arena.
pub(crate) fn pass_data(place: NonNull<u8>, from: Owner, to: Owner) -> bool {
    block_of(place).is_some_and(|block| pass(block, from, to))
}

/// Frees data that was dropped, if it is this process's.
pub(crate) fn free(place: NonNull<u8>) {
    if released::is_going_on() {
        return; // it went along, and what is there by now may be anything
    }
    if let Some(block) = block_of(place).filter(|block| is_owned_by(census::me().owner(), *block)) {
        arena().free(block);
    }
}

/// A ticket for the data at `place`, whatever its size. None: it is not in the arena, or is somebody else's, and must be copied.
pub(crate) fn hand_over(place: NonNull<u8>) -> Option<u64> {
    let me = census::me();
    let block = block_of(place).filter(|block| is_owned_by(me.owner(), *block))?;
    let serial = SERIAL.fetch_add(2, Ordering::Relaxed) ^ me.number() << 16;
    let serial = serial & !((IN_ARENA >> 32) as u32);
    step();
    head(block).serial.store(serial, Ordering::Relaxed);
    Some(IN_ARENA | u64::from(serial) << 32 | u64::from(block.number()))
}

/// The block of a ticket for data that is on its way.
fn of_ticket(ticket: u64) -> Option<(Block, Owner)> {
    let block = arena().check(ticket as u32)?;
    let owner = Owner::of(arena().owner(block).load(Ordering::Acquire))?; // SYNC entry: as in `pass`
    let is_one = arena().kind(block) == Kind::Mobile && arena().capacity(block) > UNIT;
    (is_one && head(block).serial.load(Ordering::Relaxed) == serial_of(ticket)).then_some((block, owner))
}

fn serial_of(ticket: u64) -> u32 {
    ((ticket & !IN_ARENA) >> 32) as u32
}

/// The data of a ticket, of which the layout must be this one; it is this process's now.
pub(crate) fn take_over(ticket: u64, layout: Layout) -> Option<NonNull<u8>> {
    let (block, _) = of_ticket(ticket)?;
    let head = head(block);
    let fits = head.size == layout.size() as u64
        && head.align == layout.align() as u64
        && layout.size().checked_add(UNIT + layout.align().saturating_sub(UNIT))? <= arena().capacity(block);
    if !fits {
        return None;
    }
    // Its sender may just be ending, and give it to all.
    while let Some((_, owner)) = of_ticket(ticket) {
        if pass(block, owner, census::me().owner()) {
            step();
            // Until here whoever buries us finds the block under our name.
            head.serial.store(0, Ordering::Relaxed);
            return Some(data_of(arena().payload(block), layout.align()));
        }
    }
    None
}

/// Frees the data of a ticket that nobody will come with. What was taken over already is not there any more.
pub(crate) fn abandon(ticket: u64) {
    if let Some((block, owner)) = of_ticket(ticket) {
        free_from(block, owner);
    }
}

/// What a process leaves of its mobile data when it ends by itself: what is on its way.
pub(super) fn leave(block: Block, me: Owner) {
    if head(block).serial.load(Ordering::Relaxed) != 0 {
        pass(block, me, Owner::COMMON);
    } else if is_owned_by(me, block) {
        arena().free(block);
    }
}
