//! The frame of an operation in the arena: its offer, and a seat for each channel it stands on.

use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::time::Instant;

use super::census;
use super::channel::ChannelLink;
use super::desk::desk;
use super::futex;
use super::home::{Parcel, Shared};
use super::spin::spin;
use crate::arena::{Block, Kind, UNIT, arena};
use crate::backend::Park;
use crate::rendezvous::offer::{Entry, Kind as OfferKind, Offer};
use crate::sync::step;

/// An offer in the arena. It stays there for ever, and is used again.
///
/// Its first cache line is its owner's, who rarely writes to it. On the second one lies all that passes between two processes that meet on one
/// channel: the decision and the generation, the entry in the first seat, and the first word of the message. A line costs more to fetch from another core
/// than everything else that is done with it.
#[repr(C)]
pub(crate) struct Frame {
    /// Its owner sleeps, where this leads, until there is news.
    waiting_at: AtomicPtr<Location<'static>>,
    seats: AtomicU32,
    /// The process that waits, if its bell has to be rung: a coroutine does not sleep on a word. Else 0.
    hosted: AtomicU32,
    _to_the_line: [u64; 3],
    pub(crate) offer: Offer,
}

/// A place on one channel, and for the message that passes.
#[repr(C)]
pub(crate) struct Seat {
    pub(crate) entry: Entry<Shared>,
    pub(crate) parcel: Parcel,
    /// The block of the channel.
    channel: AtomicU32,
    _to_the_next: [u32; 7],
}

/// An entry begins so many bytes behind the beginning of a unit.
pub(super) const LEAD: usize = size_of::<Frame>() - UNIT;

const _: () = {
    assert!(std::mem::offset_of!(Frame, offer) + std::mem::offset_of!(Offer, decision) == UNIT);
    assert!(size_of::<Seat>() == 2 * UNIT);
    assert!(LEAD + std::mem::offset_of!(Seat, parcel) + size_of::<u64>() == UNIT);
};

impl Seat {
    /// The channel, if it is still one.
    pub(super) fn channel(&self) -> Option<ChannelLink> {
        arena().check(self.channel.load(Ordering::Relaxed)).and_then(ChannelLink::in_block)
    }
}

/// Frames with so many seats are kept for the next operation.
const KEPT_SEATS: usize = 16;
const KEPT: usize = 4;

/// Frames that are in no use, for the next operations of a thread: they lie at its desk, and go with it to another thread.
#[repr(C)]
pub(super) struct Spares {
    /// With one seat.
    one: AtomicU32,
    more: [AtomicU32; KEPT],
}

impl Spares {
    #[inline]
    fn take_one(&self) -> Option<Block> {
        let block = Block::from_number(self.one.load(Ordering::Relaxed));
        self.one.store(0, Ordering::Relaxed);
        block
    }

    /// Keeps a frame with one seat. What was kept before is given back.
    #[inline]
    fn keep_one(&self, block: Block) -> Option<Block> {
        let before = self.one.load(Ordering::Relaxed);
        self.one.store(block.number(), Ordering::Relaxed);
        Block::from_number(before)
    }

    #[cold]
    fn take(&self, seats: usize) -> Option<Block> {
        self.more.iter().find_map(|place| {
            let block = Block::from_number(place.load(Ordering::Relaxed))?;
            // SAFETY: a frame of this thread.
            let frame = unsafe { arena().payload(block).cast::<Frame>().as_ref() };
            let fits = frame.seats.load(Ordering::Relaxed) as usize >= seats;
            fits.then(|| place.store(0, Ordering::Relaxed)).map(|()| block)
        })
    }

    /// Keeps a frame with several seats, if there is room.
    fn keep(&self, block: Block) -> bool {
        let place = self.more.iter().find(|place| place.load(Ordering::Relaxed) == 0);
        place.map(|place| place.store(block.number(), Ordering::Relaxed)).is_some()
    }

    /// The numbers of the blocks.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        let all = std::iter::once(&self.one).chain(&self.more);
        all.map(|place| place.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}

/// A frame in use. Given back when dropped.
pub(crate) struct FrameGuard {
    block: Block,
}

impl FrameGuard {
    /// A frame with room for so many `seats`, whose offer is open.
    #[inline]
    pub(crate) fn new(seats: usize, choosing: bool, hosted: Option<&'static dyn Park>) -> Self {
        let spares = &desk().spares;
        let spare = if seats == 1 { spares.take_one() } else { spares.take(seats) };
        let guard = Self { block: spare.unwrap_or_else(|| new_block(seats)) };
        guard.renew(choosing, hosted);
        guard
    }

    /// A choice sits on so many seats: if a larger one has used the frame before, its last ones stand on no channel of this one.
    pub(crate) fn clear_behind(&self, seats: usize) {
        // SAFETY: the frame is ours.
        let frame = unsafe { self.place().as_ref() };
        frame.seats().skip(seats).for_each(|seat| seat.channel.store(0, Ordering::Relaxed));
    }

    fn renew(&self, choosing: bool, hosted: Option<&'static dyn Park>) {
        let frame = self.place();
        // SAFETY: the frame is ours.
        let was_hosted = unsafe { &frame.as_ref().hosted }.load(Ordering::Relaxed) != 0;
        if was_hosted || hosted.is_some() {
            self.host(hosted);
        }
        // SAFETY: nobody else uses the offer, whose last use is over, while it is not complete; it was initialised by `new_block`.
        unsafe { Offer::renew(&raw mut (*frame.as_ptr()).offer, choosing) };
    }

    /// Somebody else waits in it than before.
    #[cold]
    fn host(&self, hosted: Option<&'static dyn Park>) {
        let frame = self.place();
        let number = if hosted.is_some() { census::me().owner().number() } else { 0 };
        // SAFETY: the frame is ours.
        unsafe { &frame.as_ref().hosted }.store(number, Ordering::Relaxed);
        let parker: &'static dyn Park = match hosted {
            Some(parker) => parker,
            // SAFETY: as above.
            None => unsafe { frame.as_ref() },
        };
        // SAFETY: as in `renew`, which comes next.
        unsafe { Offer::wakes(&raw mut (*frame.as_ptr()).offer, parker) };
    }

    #[inline]
    fn place(&self) -> NonNull<Frame> {
        arena().payload(self.block).cast()
    }

    #[inline]
    pub(crate) fn offer(&self) -> &'static Offer {
        // SAFETY: initialised; the arena stays mapped.
        &unsafe { self.place().as_ref() }.offer
    }

    /// Where seat `index` is.
    #[inline]
    fn seat_place(&self, index: usize) -> NonNull<Seat> {
        // SAFETY: the block has so many seats behind the frame.
        unsafe { self.place().add(1).cast::<Seat>().add(index) }
    }

    /// Makes seat `index` an entry of the offer.
    #[inline]
    pub(crate) fn sit(&self, index: usize, kind: OfferKind, on: ChannelLink) -> &'static Seat {
        let seat = self.seat_place(index);
        // SAFETY: inside the block, by the caller of `new`.
        let parcel = unsafe { &raw mut (*seat.as_ptr()).parcel };
        // SAFETY: as above; the seat is in no queue.
        unsafe { Parcel::open(parcel, census::me().owner()) };
        step();
        // SAFETY: as above.
        unsafe { (&raw mut (*seat.as_ptr()).entry).write(Entry::new(self.offer(), index as u32, kind, parcel)) };
        // SAFETY: just initialised.
        let seat = unsafe { seat.as_ref() };
        seat.channel.store(on.block(), Ordering::Relaxed);
        seat
    }

    /// Seat `index`, which sits.
    #[inline]
    pub(crate) fn seat(&self, index: usize) -> &'static Seat {
        // SAFETY: by the caller: initialised by `sit`.
        unsafe { self.seat_place(index).as_ref() }
    }
}

impl Drop for FrameGuard {
    #[inline]
    fn drop(&mut self) {
        // Nothing in it is to be found by whoever looks after us.
        // SAFETY: the frame is ours.
        let seats = unsafe { self.place().as_ref() }.seats.load(Ordering::Relaxed) as usize;
        let spares = &desk().spares;
        let freed = match seats {
            1 => spares.keep_one(self.block),
            _ if seats <= KEPT_SEATS && spares.keep(self.block) => None,
            _ => Some(self.block),
        };
        if let Some(block) = freed {
            arena().free(block);
        }
    }
}

#[cold]
fn new_block(seats: usize) -> Block {
    let bytes = size_of::<Frame>() + seats * size_of::<Seat>();
    let block = super::message::certain(bytes, Kind::Blank, census::me().owner());
    let place = arena().payload(block).cast::<Frame>();
    // SAFETY: a new block of this length. Seats of zeros are in no queue, and have no partner.
    unsafe { place.as_ptr().cast::<u8>().write_bytes(0, bytes) };
    // SAFETY: as above.
    let offer = unsafe { &raw mut (*place.as_ptr()).offer };
    // SAFETY: as above.
    unsafe { offer.write(Offer::complete(&Nobody)) };
    // SAFETY: as above: all of it is initialised by now.
    let frame: &'static Frame = unsafe { place.as_ref() };
    // SAFETY: nobody knows it yet.
    unsafe { Offer::wakes(offer, frame) };
    // Another one than whatever frame was here before had: a number apart for each new frame, in any process.
    let number = census::census().frames.fetch_add(1, Ordering::Relaxed);
    frame.offer.generation.store(number.wrapping_mul(0x9e37_79b1), Ordering::Relaxed);
    frame.seats.store(seats as u32, Ordering::Relaxed);
    arena().set_kind(block, Kind::Frame);
    block
}

/// The parker of an offer that nobody has made.
struct Nobody;

impl Park for Nobody {
    fn spin(&self, _attempt: u32) -> bool {
        false
    }
    fn park(&self, _until: Option<Instant>) {}
    fn unpark(&self) {}
}

impl Frame {
    /// The frame around an offer in the arena.
    ///
    /// # Safety
    /// The offer is in a frame.
    pub(super) unsafe fn around(offer: &Offer) -> &Frame {
        let frame = std::ptr::from_ref(offer).cast::<u8>().wrapping_sub(std::mem::offset_of!(Frame, offer));
        // SAFETY: by the caller.
        unsafe { &*frame.cast::<Frame>() }
    }

    /// Its owner sleeps from now on, or no longer does.
    pub(super) fn set_waiting(&self, at: Option<&'static Location<'static>>) {
        let at = at.map_or(std::ptr::null_mut(), |at| std::ptr::from_ref(at).cast_mut());
        self.waiting_at.store(at, Ordering::Relaxed);
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting_at.load(Ordering::Relaxed).is_null()
    }

    /// The channels that the offer stands on.
    pub(super) fn channels(&self) -> impl Iterator<Item = ChannelLink> {
        self.seats().filter_map(Seat::channel)
    }

    /// What its owner waits for, for a report.
    pub(super) fn describe(&self) -> String {
        // SAFETY: all processes of the program have its constants at the same place.
        let at = unsafe { self.waiting_at.load(Ordering::Relaxed).as_ref() };
        let at = at.map_or(String::new(), ToString::to_string);
        let direction = |seat: &Seat| if seat.entry.kind.is_sending() { "to send to" } else { "to receive from" };
        let what: Vec<String> = self
            .seats()
            .zip(self.channels())
            .map(|(seat, link)| format!("{} {}", direction(seat), link.phrase()))
            .collect();
        match (self.offer.is_choosing(), what.as_slice()) {
            (false, [what]) => format!("waits {what}, at {at}"),
            _ => format!("waits in a choice at {at}:\n      {}", what.join("\n      ")),
        }
    }

    /// The process whose bell is to be rung, if any.
    pub(super) fn hosted(&self) -> Option<&'static census::Slot> {
        match self.hosted.load(Ordering::Relaxed) {
            0 => None,
            block => census::slot_of(block),
        }
    }

    /// The seats of a frame, whoever owns it.
    pub(super) fn seats(&self) -> impl Iterator<Item = &Seat> {
        let count = self.seats.load(Ordering::Relaxed) as usize;
        let first = NonNull::from(self);
        // SAFETY: they lie behind the frame, and are zero or initialised.
        (0..count).map(move |index| unsafe { first.add(1).cast::<Seat>().add(index).as_ref() })
    }
}

/// A thread sleeps on the decision word itself.
impl Park for Frame {
    fn spin(&self, attempt: u32) -> bool {
        #[cfg(csp_steps)]
        if crate::sync::steps::tell(crate::sync::steps::Moment::Pause) {
            return attempt < 1;
        }
        spin(attempt)
    }

    fn park(&self, until: Option<Instant>) {
        let decision = &self.offer.decision;
        let seen = decision.word();
        if decision.is_news() {
            return;
        }
        futex::wait(decision.as_word(), seen, until);
    }

    fn unpark(&self) {
        futex::wake(self.offer.decision.as_word());
    }
}
