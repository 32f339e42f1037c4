//! The home in shared memory: links and places are pointers into the arena, which all processes have at one address.

use std::num::NonZeroI32;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use super::census;
use super::desk::{DeskJournal, desk};
use super::frame::{Frame, LEAD};
use super::futex;
use super::ring::Ring;
use crate::arena::{Block, Owner, UNIT, arena};
use crate::rendezvous::decision::Sleep;
use crate::rendezvous::home::{Home, RawLock};
use crate::rendezvous::offer::{Entry, Offer};
use crate::sync::{Held, Journal, pause, step};

/// The arena.
pub(crate) enum Shared {}

/// So many bytes of a plain message fit into a parcel.
pub(crate) const INLINE: usize = 40;

/// The size of a message that travels in an envelope; no plain one in a parcel has it.
pub(crate) const ENVELOPE: usize = usize::MAX;

/// A message in transit, or where it is.
#[repr(C)]
pub(crate) struct Parcel {
    /// A plain message, or an [`Envelope`].
    pub(crate) data: [u64; INLINE / 8],
    /// Who owns what is in here.
    pub(super) owner: AtomicU32,
}

/// A message that is not plain, or too large for a parcel.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Envelope {
    /// How many bytes it takes.
    pub(crate) len: u32,
    /// The block that holds it; 0: it is in here.
    pub(crate) block: u32,
    pub(crate) inline: [u8; INLINE - 8],
}

impl Parcel {
    /// An empty parcel of this owner.
    ///
    /// # Safety
    /// `place` is in the arena, and the caller's.
    #[inline]
    pub(crate) unsafe fn open(place: *mut Parcel, owner: Owner) {
        // SAFETY: by the caller.
        unsafe { (&raw mut (*place).owner).write(AtomicU32::new(owner.number())) };
    }

    /// A parcel outside the arena, on its way there.
    pub(super) fn empty(owner: Owner) -> Self {
        Self { data: [0; INLINE / 8], owner: AtomicU32::new(owner.number()) }
    }

    /// The envelope in it.
    ///
    /// # Safety
    /// There is one, and nobody writes to it.
    #[inline]
    pub(crate) unsafe fn envelope(place: *const Parcel) -> Envelope {
        // SAFETY: by the caller.
        unsafe { place.cast::<Envelope>().read() }
    }

    /// Where the bytes of a short message lie.
    ///
    /// # Safety
    /// It is a parcel.
    pub(crate) unsafe fn inline(place: *const Parcel) -> *const u8 {
        // SAFETY: by the caller.
        unsafe { &raw const (*place.cast::<Envelope>()).inline }.cast()
    }
}

/// Copies a plain message. Most are one word, which takes less than a call.
///
/// # Safety
/// So many bytes are at `from`, and there is room for them at `to`.
#[inline(always)]
pub(super) unsafe fn copy_plain(from: *const u8, to: *mut u8, bytes: usize) {
    if bytes == size_of::<u64>() {
        // SAFETY: by the caller.
        unsafe { to.cast::<u64>().write_unaligned(from.cast::<u64>().read_unaligned()) };
    } else {
        // SAFETY: by the caller.
        unsafe { to.copy_from_nonoverlapping(from, bytes) };
    }
}

/// A unit of the arena, by how many it lies from the census: half as long as a pointer.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
struct Unit(NonZeroI32);

impl Unit {
    /// The unit that begins at `place`.
    #[inline]
    fn at(place: *const u8) -> Self {
        let distance = place.addr().wrapping_sub(std::ptr::from_ref(census::census()).addr()) as isize;
        debug_assert!(distance.unsigned_abs().is_multiple_of(UNIT), "it begins inside a unit");
        NonZeroI32::new((distance / UNIT as isize) as i32).map_or_else(|| corrupt(), Self)
    }

    #[inline]
    fn place(self) -> *mut u8 {
        let census = std::ptr::from_ref(census::census()).cast_mut().cast::<u8>();
        census.wrapping_offset(self.0.get() as isize * UNIT as isize)
    }
}

/// An entry in the arena, by the unit that it nearly begins.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct EntryLink(Unit);

impl EntryLink {
    #[inline]
    fn of(entry: &Entry<Shared>) -> Self {
        Self(Unit::at(std::ptr::from_ref(entry).cast::<u8>().wrapping_sub(LEAD)))
    }

    #[inline]
    fn place(self) -> NonNull<Entry<Shared>> {
        let place = self.0.place().wrapping_add(LEAD).cast::<Entry<Shared>>();
        match NonNull::new(place) {
            Some(place) if arena().contains(place.as_ptr().cast(), size_of::<Entry<Shared>>()) => place,
            _ => corrupt(),
        }
    }
}

/// A follower, and which offer of its frame it was. Once it has gone on, something else may be there.
#[derive(Clone, Copy)]
pub(crate) struct Partner {
    pub(super) link: EntryLink,
    frame: Unit,
    pub(super) generation: u32,
}

impl Partner {
    /// The frame, or what is there now.
    pub(super) fn frame(self) -> Option<NonNull<Frame>> {
        NonNull::new(self.frame.place().cast())
    }
}

impl Home for Shared {
    type Link = EntryLink;
    type Partner = Partner;
    type Place = *mut Parcel;
    /// A frame: they stay where they are for ever.
    type Wake = NonNull<Frame>;
    type Lock = OwnedLock;
    type Journal = DeskJournal;
    type Buffer = Ring;

    #[inline]
    unsafe fn entry<'a>(link: Self::Link) -> &'a Entry<Self> {
        let place = link.place();
        // Now, and not before the lock is held: its owner looks at the first of these lines again and again, and would take it back.
        fetch_to_change(place.as_ptr().cast());
        fetch_to_change(place.as_ptr().cast::<u8>().wrapping_add(UNIT));
        // SAFETY: in the arena, where only entries are linked; the caller knows that it is alive.
        unsafe { place.as_ref() }
    }

    #[inline]
    fn link(entry: &Entry<Self>) -> Self::Link {
        EntryLink::of(entry)
    }

    #[inline]
    fn partner(entry: &Entry<Self>) -> Partner {
        let offer = entry.offer();
        let generation = offer.generation.load(Ordering::Relaxed);
        let frame = Unit::at(Self::wake(offer).as_ptr().cast());
        Partner { link: EntryLink::of(entry), frame, generation }
    }

    #[inline]
    fn follow(partner: Partner) -> Self::Link {
        partner.link
    }

    #[inline]
    fn rank(offer: &Offer) -> usize {
        std::ptr::from_ref(offer).addr()
    }

    #[inline]
    fn decider() -> u32 {
        census::me().number()
    }

    #[inline]
    fn journal() -> DeskJournal {
        DeskJournal(desk())
    }

    #[inline]
    fn wake(offer: &Offer) -> Self::Wake {
        // SAFETY: all offers of this home are in frames.
        NonNull::from(unsafe { Frame::around(offer) })
    }

    #[inline]
    unsafe fn carry(from: Self::Place, to: Self::Place, size: usize, lock: &Held<DeskJournal>) {
        step();
        if size != ENVELOPE {
            // SAFETY: both are parcels, by the caller; plain messages that are not in an envelope fit.
            unsafe { copy_plain(from.cast(), to.cast(), size.min(INLINE)) };
            return;
        }
        // SAFETY: as above.
        unsafe { to.cast::<u8>().copy_from_nonoverlapping(from.cast::<u8>(), INLINE) };
        // SAFETY: as above.
        unsafe { Self::give(from, to, size, lock) };
    }

    #[inline]
    unsafe fn give(from: Self::Place, to: Self::Place, size: usize, lock: &Held<DeskJournal>) {
        if size != ENVELOPE {
            return;
        }
        // SAFETY: a message with this size is in an envelope.
        let envelope = unsafe { Parcel::envelope(from) };
        if let Some(block) = arena().check(envelope.block) {
            // SAFETY: initialised by whoever opened it.
            let owner = unsafe { &(*to).owner }.load(Ordering::Relaxed);
            let word = arena().owner(block);
            lock.journal().note(word.as_ptr().cast(), size_of::<u32>());
            word.store(owner, Ordering::Relaxed);
        }
    }

    #[inline]
    fn unpark(frame: Self::Wake, sleep: Sleep) {
        if sleep == Sleep::Awake {
            return;
        }
        // SAFETY: frames stay mapped; whoever sleeps there by now looks again.
        wake(unsafe { frame.as_ref() }, sleep == Sleep::Counted);
    }
}

/// Wakes whoever sleeps in a frame; `counted`: it no longer counts as awake.
pub(super) fn wake(frame: &Frame, counted: bool) {
    let census = census::census();
    if counted {
        census.awake.fetch_add(1, Ordering::AcqRel); // SYNC awake: before the waker can itself be counted out
    }
    let block = arena().block_at(std::ptr::from_ref(frame).cast()).map_or(0, Block::number);
    census.woken.store(block, Ordering::Relaxed);
    match frame.hosted() {
        None => futex::wake(frame.offer.decision.as_word()),
        Some(process) => {
            step();
            process.bell.fetch_add(1, Ordering::Release); // SYNC bell: what was completed is seen by whoever hears it
            futex::wake(&process.bell);
        }
    }
}

/// The line of `place` comes to this core, to be changed: else it would come twice, once to be read.
#[inline(always)]
pub(super) fn fetch_to_change(place: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which faults at no address.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) place, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// What stands in shared memory cannot be: somebody has written where it must not. Everybody stops.
#[cold]
#[track_caller]
pub(crate) fn corrupt() -> ! {
    census::census().corrupt.store(1, Ordering::Relaxed);
    #[cfg(csp_steps)]
    assert!(crate::sync::steps::HOOK.get().is_none(), "the arena is corrupt");
    let text = format!(
        "csp: the memory that the processes of this program share is corrupt: one of them has written to where it must not. \
         All of them end. (seen by {})\n",
        std::panic::Location::caller()
    );
    // Past std's lock, for which whoever waits may wait for one of ours.
    let _ = nix::unistd::write(std::io::stderr(), text.as_bytes());
    std::process::abort()
}

/// The lock of a channel in the arena. It says whose desk holds it, so that whoever repairs knows.
pub(crate) struct OwnedLock(AtomicU32);

impl RawLock for OwnedLock {
    fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    #[inline]
    fn lock(&self) {
        let desk = desk().number();
        let mut attempt = 0;
        step();
        // SYNC channel lock: sees what the last holder did.
        while self.0.compare_exchange_weak(0, desk, Ordering::Acquire, Ordering::Relaxed).is_err() {
            pause(attempt);
            attempt += 1;
        }
        step();
    }

    #[inline]
    unsafe fn unlock(&self) {
        step();
        // SYNC channel lock: shows it to the next.
        self.0.store(0, Ordering::Release);
        step();
    }
}

impl OwnedLock {
    /// The holder is dead, and this desk holds it from now on.
    pub(super) fn take_over(&self, desk: u32) {
        step();
        self.0.store(desk, Ordering::Relaxed);
    }

    /// The desk that holds it, or 0.
    pub(super) fn holder(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}
