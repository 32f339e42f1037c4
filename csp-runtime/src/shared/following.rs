//! A long message whose receiver waits already: sender and receiver copy it at the same time, the receiver a piece behind the sender.
//!
//! The rendezvous is as ever, but the block that passes is still to be filled. `PROTOCOL.md` tells what a death leaves meanwhile.

use std::sync::atomic::{AtomicU32, Ordering};

use super::census::{self, State};
use super::home::{Envelope, INLINE, Parcel, corrupt};
use super::message::{Codec, Head, free, region};
use super::ownership::pass;
use crate::arena::{Block, Kind, Owner, Purpose, arena};
use crate::message::{Piece, begin_piece, piece_at, piece_len};
use crate::sync::{mutant, pause, step};

/// From here on it pays: two that copy at the same time, against a lock more.
const LONG: usize = if cfg!(csp_steps) { 64 } else { 128 << 10 };

/// So many bytes at a time.
const PART: usize = if cfg!(csp_steps) { 64 } else { 64 << 10 };

/// Of [`Head::missing`]: the receiver is gone, and the block goes to the sender.
const ORPHANED: u32 = 1 << 31;

/// Pauses before it is asked whether the sender is still there.
const UNASKED: u32 = if cfg!(csp_steps) { 0 } else { 40 };

/// Who fills a block. It stands behind the message, while parts of that are missing.
#[repr(C)]
#[derive(Clone, Copy)]
struct Filler {
    slot: u32,
    pid: i32,
}

impl Filler {
    fn me() -> Self {
        let me = census::me();
        Self { slot: me.owner().number(), pid: me.pid.load(Ordering::Relaxed) }
    }

    /// Whether it may still write. It may until the system has reported its death, or its parent that it has ended.
    fn is_there(self) -> bool {
        let its = |slot: &census::Slot| slot.pid.load(Ordering::Relaxed) == self.pid && !slot.is(State::Dead);
        census::slot_of(self.slot).is_some_and(its)
    }

    /// Where it stands behind a message of `len` bytes.
    fn place(region: *mut u8, len: usize) -> *mut Self {
        region.wrapping_add(len.next_multiple_of(align_of::<Self>())).cast()
    }
}

/// A block that the caller has promised to fill.
#[must_use]
pub(super) struct Filling {
    block: Block,
    from: Piece,
    to: *mut u8,
}

impl Codec {
    /// Puts an envelope into the parcel whose block is still to be filled with the message at `place`. None: it is not long, or not of that kind, or there
    /// is no room; nothing has happened.
    ///
    /// # Safety
    /// There is a message of this type, which is the caller's, as the parcel is.
    pub(super) unsafe fn begin(&self, place: *const u8, parcel: *mut Parcel) -> Option<Filling> {
        // Most messages are plain, and need not be asked.
        if self.is_light() {
            return None;
        }
        // SAFETY: by the caller.
        let from = unsafe { (self.piece)(place) }.filter(|piece| piece.bytes >= LONG)?;
        let len = piece_len(from.bytes);
        if len > arena().largest() {
            return None;
        }
        let bytes = size_of::<Head>() + len.next_multiple_of(align_of::<Filler>()) + size_of::<Filler>();
        let block = arena().allocate(bytes, Kind::Blank, census::me().owner(), Purpose::Message).ok()?;
        let head = arena().payload(block).cast::<Head>();
        let missing = AtomicU32::new(from.bytes.div_ceil(PART) as u32);
        // SAFETY: a new block, long enough.
        unsafe { head.write(Head { len: len as u64, plain: 0, missing }) };
        let region = region(block, len);
        // SAFETY: as above.
        unsafe { Filler::place(region, len).write(Filler::me()) };
        // SAFETY: as above.
        let to = unsafe { begin_piece(region, from.elements) };
        arena().set_kind(block, Kind::Message);
        let envelope = Envelope { len: len as u32, block: block.number(), inline: [0; INLINE - 8] };
        // SAFETY: an envelope fits into a parcel.
        unsafe { parcel.cast::<Envelope>().write(envelope) };
        Some(Filling { block, from, to })
    }

    /// Fills the block with the message at `place`, which is gone afterwards. (Its receiver may be, too.)
    ///
    /// # Safety
    /// It is the message that the block was begun for.
    pub(super) unsafe fn fill(&self, filling: Filling, place: *mut u8) {
        let Filling { block, from, to } = filling;
        for start in (0..from.bytes).step_by(PART) {
            let bytes = PART.min(from.bytes - start);
            step();
            #[cfg(csp_steps)]
            assert!(arena().check(block.number()).is_some(), "a block that is being filled is free");
            // SAFETY: both are as long as the message.
            unsafe { to.add(start).copy_from_nonoverlapping(from.first.add(start), bytes) };
            step();
            // SYNC part: what was copied is there for whoever sees that less is missing; and after the last one the block is the receiver's alone.
            let before = head(block).missing.fetch_sub(1, Ordering::AcqRel);
            if before & ORPHANED != 0 {
                take_back(block);
                break;
            }
        }
        // SAFETY: by the caller.
        unsafe { (self.forget)(place) };
    }

    /// Moves the message in the parcel to `place`, although parts of it may still be missing. False: its sender has died meanwhile, so that there is none.
    ///
    /// # Safety
    /// As for [`unpack`](Self::unpack).
    #[inline]
    pub(super) unsafe fn receive(&self, parcel: *const Parcel, place: *mut u8) -> bool {
        if !self.is_light() {
            // SAFETY: by the caller.
            let envelope = unsafe { Parcel::envelope(parcel) };
            if let Some(block) = arena().check(envelope.block)
                // SYNC part: if nothing is missing, all is seen.
                && head(block).missing.load(Ordering::Acquire) != 0
            {
                // SAFETY: passed on.
                return unsafe { self.follow(block, envelope.len as usize, place) };
            }
        }
        // SAFETY: passed on.
        unsafe { self.unpack(parcel, place) };
        true
    }

    /// # Safety
    /// The block holds a message of this type, which is the caller's, or will; `place` has room for it.
    unsafe fn follow(&self, block: Block, len: usize, place: *mut u8) -> bool {
        let region = region(block, len);
        // SAFETY: it stands there while parts are missing, and stays until the block is freed, which only we do.
        let filler = unsafe { Filler::place(region, len).read() };
        // SAFETY: written before the block was seen.
        let (elements, from) = unsafe { piece_at(region) };
        let mut copy = |to: *mut u8, bytes: usize| {
            if piece_len(bytes) != len {
                corrupt();
            }
            let mut left = bytes.div_ceil(PART) as u32;
            (0..bytes).step_by(PART).all(|start| {
                left -= 1;
                if !has_come(block, left, filler) {
                    return false;
                }
                step();
                // SAFETY: so much has been written, and fits, by what was just compared.
                unsafe { to.add(start).copy_from_nonoverlapping(from.add(start), PART.min(bytes - start)) };
                true
            })
        };
        // SAFETY: passed on.
        let whole = unsafe { (self.of_piece)(elements, &mut copy, place) };
        if head(block).missing.load(Ordering::Relaxed) & ORPHANED == 0 {
            free(block);
        }
        whole
    }
}

/// Waits until no more parts are missing than so many. False: the sender is gone, and they never come.
fn has_come(block: Block, most: u32, filler: Filler) -> bool {
    let missing = &head(block).missing;
    let mut attempt = 0;
    loop {
        // SYNC part: see `fill`.
        let now = missing.load(Ordering::Acquire);
        if now <= most {
            return true;
        }
        // This process is about to end, and has left the block to the sender.
        let is_left = now & ORPHANED != 0;
        if is_left || attempt >= UNASKED && !filler.is_there() && !mutant("torn_unseen") {
            // SYNC part: as above. It may have gone after the last part.
            return missing.load(Ordering::Acquire) <= most;
        }
        pause(attempt);
        attempt += 1;
    }
}

/// The receiver of a message, which owns its block, is dead, or about to end: if somebody who is alive still fills that, it is theirs from now on. False: nobody does, and it is to be freed.
pub(super) fn leave_to_filler(block: Block) -> bool {
    let head = head(block);
    let len = head.len as usize;
    let owner = arena().owner(block).load(Ordering::Relaxed);
    loop {
        // SYNC part: whoever frees it comes after all that was written.
        let missing = head.missing.load(Ordering::Acquire);
        if missing == 0 || mutant("filled_block_freed") {
            return false;
        }
        // SAFETY: while parts are missing it stands there.
        let filler = unsafe { Filler::place(region(block, len), len).read() };
        let (Some(from), Some(to)) = (Owner::of(owner), Owner::of(filler.slot)) else { return false };
        if !filler.is_there() {
            return false;
        }
        step();
        let marked = missing & ORPHANED != 0 || head.orphan(missing);
        if marked {
            // Unless the sender was just as fast.
            let _ = pass(block, from, to);
            return true;
        }
    }
}

impl Head {
    /// The receiver will not read what is still missing. False: less is, by now.
    fn orphan(&self, missing: u32) -> bool {
        // SYNC part: either the sender sees this before it is through, or whoever does this sees that it is.
        self.missing.compare_exchange(missing, missing | ORPHANED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// The receiver is gone, and nobody reads what we have written.
#[cold]
fn take_back(block: Block) {
    let me = census::me().owner();
    if let Some(owner) = Owner::of(arena().owner(block).load(Ordering::Relaxed)).filter(|owner| *owner != me) {
        // Unless whoever buries the receiver was just as fast.
        let _ = pass(block, owner, me);
    }
    free(block);
}

fn head(block: Block) -> &'static Head {
    // SAFETY: blocks of messages begin with one, of which only atomics change while others may look; blocks stay mapped.
    unsafe { arena().payload(block).cast::<Head>().as_ref() }
}
