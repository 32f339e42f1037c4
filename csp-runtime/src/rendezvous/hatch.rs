//! A hatch: one cache line through which two workers hand on a message, and all else that a meeting takes. See `PROTOCOL.md`.
//!
//! A coroutine that waits in the queue of a channel is met by touching the channel, its entry, its message, its record and its worker's inbox, and
//! each of these lines travels to the other core and back. One that waits in the hatch is met by touching that alone, while its worker looks at it.

use std::ptr;

use super::pair::{LOCKED, Pair, Word};
use crate::seldom::Seldom;
use crate::sync::{AtomicBool, Guarded, Held, NoJournal, Ordering, mutant, pause};

/// Nobody is there.
const EMPTY: u64 = 0;
/// A sender waits, to whom nobody has come yet.
const SENDER: u64 = 0b010;
/// So does a receiver.
const RECEIVER: u64 = 0b100;
/// Somebody has come, and whoever waited has yet to see it, or has seen it.
const MET: u64 = 0b110;

const WORD: usize = size_of::<u64>();
/// A message up to this size, in bytes, passes through the hatch itself; a longer one between the places of the two.
const ROOM: usize = 3 * WORD;

/// What it is to wait for: what the hatch says while somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Waits {
    ToSend = SENDER,
    ToReceive = RECEIVER,
}

impl Waits {
    #[inline(always)]
    fn opposite(self) -> Self {
        match self {
            Waits::ToSend => Waits::ToReceive,
            Waits::ToReceive => Waits::ToSend,
        }
    }
}

/// Whoever holds the lock of a channel that has one holds its lock; the channel's queues are under the same one.
#[repr(C, align(128))]
pub(crate) struct Hatch {
    /// Who is there; and the first word of the message, 0 while a receiver waits.
    says: Pair,
    /// Whose wait it is.
    waiter: Guarded<*const Waiter>,
    /// Where a message lies, or is to go, that is too long for the room.
    place: Guarded<*mut u8>,
    /// The rest of the message.
    room: [Guarded<Word>; ROOM / WORD - 1],
    /// Whether a sender that finds nobody looks around for a while before it waits.
    pub(super) look_around: Seldom,
    /// Whether whoever finds nobody waits here.
    pub(super) wait_here: Seldom,
    seen: Seen,
}

const _: () = assert!(cfg!(loom) || std::mem::offset_of!(Hatch, wait_here) < 64);

/// Apart, as whoever waited writes it while the other one is about to come back to the rest.
#[repr(align(128))]
struct Seen(AtomicBool);

/// One that waits in a hatch. It lies in its frame.
pub(crate) struct Waiter {
    /// How its channel knows it.
    entry: *const (),
    /// It waits in its channel's queue by now.
    has_moved: AtomicBool,
}

impl Waiter {
    #[inline(always)]
    pub(crate) fn new(entry: *const ()) -> Self {
        Self { entry, has_moved: AtomicBool::new(false) }
    }

    #[inline(always)]
    pub(crate) fn entry(&self) -> *const () {
        self.entry
    }
}

/// What somebody finds who has taken the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Somebody who waits for what the arriving one brings.
    Partner,
    /// Nobody; there is room to wait.
    Room,
    /// Something else.
    Other,
}

/// What the waiting one's worker sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seeing {
    /// It still waits.
    Waiting,
    /// Somebody has come.
    Met,
    /// It does not wait here any more, but in its channel's queue.
    Moved,
}

impl Hatch {
    /// One, if this processor can do what it takes.
    pub(crate) fn new() -> Option<Self> {
        Pair::is_there().then(|| Self {
            says: Pair::new(EMPTY),
            waiter: Guarded::new(ptr::null()),
            place: Guarded::new(ptr::null_mut()),
            room: std::array::from_fn(|_| Guarded::new(Word::uninit())),
            look_around: Seldom::new(),
            wait_here: Seldom::new(),
            seen: Seen(AtomicBool::new(false)),
        })
    }

    /// Takes the channel's lock.
    #[inline]
    pub(crate) fn lock(&self) {
        crate::backend::checkpoint();
        let mut attempt = 0;
        while !self.says.lock() {
            while self.says.load() & LOCKED != 0 {
                pause(attempt);
                attempt += 1;
            }
        }
    }

    /// # Safety
    /// The caller holds the lock.
    #[inline]
    pub(crate) unsafe fn unlock(&self) {
        // SAFETY: by the caller.
        unsafe { self.says.store(self.says.load() & !LOCKED) };
    }

    /// The same as finding a receiver, and meeting it, by a sender of a message that fits into a word, in one step. The line of the hatch is not taken
    /// away half way then, by the receiver's worker, which looks. False: nothing has happened.
    ///
    /// # Safety
    /// A message of `size` bytes lies at `place`, and this channel's are of that size.
    #[inline(always)]
    pub(crate) unsafe fn send_to_receiver(&self, place: *const u8, size: usize) -> bool {
        if size > WORD {
            return false;
        }
        // SAFETY: by the caller.
        let message = unsafe { read(place, size) };
        self.says.exchange((RECEIVER, 0), (MET, message))
    }

    /// Who is there, to whom one comes that waits so if need be.
    #[inline(always)]
    pub(crate) fn find(&self, arriving: Waits, _lock: &Held<NoJournal>) -> Found {
        match self.says.load() & !LOCKED {
            EMPTY => Found::Room,
            // SYNC seen: the message of that wait has been taken out of the room.
            MET if mutant("room_of_others") || self.seen.0.load(Ordering::Acquire) => Found::Room,
            waiting if waiting == arriving.opposite() as u64 => Found::Partner,
            _ => Found::Other,
        }
    }

    /// Whether somebody waits for what one brings that arrives so, as it seems.
    #[inline(always)]
    pub(crate) fn seems_to_await(&self, arriving: Waits) -> bool {
        self.says.load() == arriving.opposite() as u64
    }

    /// The message of `size` bytes passes between `place` and whoever waits, who is met by that; gives the lock up.
    ///
    /// # Safety
    /// The lock is held, and a partner was found; `place` is what `arriving` says.
    #[inline(always)]
    pub(crate) unsafe fn meet(&self, arriving: Waits, place: *mut u8, size: usize, lock: Held<NoJournal>) {
        if size <= ROOM {
            match arriving {
                // SAFETY: by the caller.
                Waits::ToSend => unsafe { self.put_in(place, size, &lock) },
                // SAFETY: as above.
                Waits::ToReceive => unsafe { self.get_out(place, size, &lock) },
            }
        } else {
            let there = self.place.get(&lock);
            let (from, to) = if arriving == Waits::ToSend { (place, there) } else { (there, place) };
            // SAFETY: both are valid for `size` bytes, by the caller and by `wait`.
            unsafe { to.copy_from_nonoverlapping(from, size) };
        }
        // SAFETY: by the caller.
        unsafe { self.says.store(MET) };
    }

    /// Lets `waiter` wait here; gives the lock up.
    ///
    /// # Safety
    /// The lock is held, and there is room; nobody waits in the channel's queues. `place`, of `size` bytes, is what `waits` says, and stays so until
    /// the wait is over, as does `waiter`.
    #[inline(always)]
    pub(crate) unsafe fn wait(
        &self,
        waits: Waits,
        waiter: &Waiter,
        place: *mut u8,
        size: usize,
        lock: Held<NoJournal>,
    ) {
        if self.says.load() & !LOCKED == MET {
            self.wait_here.has_paid(true);
        }
        self.waiter.set(waiter, &lock);
        // Published by the store below.
        self.seen.0.store(false, Ordering::Relaxed);
        if size > ROOM {
            self.place.set(place, &lock);
        } else if waits == Waits::ToSend {
            // SAFETY: by the caller.
            unsafe { self.put_in(place, size, &lock) };
        } else {
            // SAFETY: by the caller.
            unsafe { self.says.set_second(Word::new(0)) };
        }
        // SAFETY: by the caller.
        unsafe { self.says.store(waits as u64) };
    }

    /// Takes whoever waits out of the hatch: from now on it waits in its channel's queue, with its message at its own place.
    #[inline(always)]
    pub(crate) fn take_waiter(&self, lock: &Held<NoJournal>) -> Option<*const ()> {
        if !matches!(self.says.load() & !LOCKED, SENDER | RECEIVER) {
            return None;
        }
        // SAFETY: it waits still.
        let waiter = unsafe { &*self.waiter.get(lock) };
        let entry = waiter.entry;
        self.wait_here.has_paid(false);
        if !mutant("moved_silently") {
            // Relaxed: see `look`.
            waiter.has_moved.store(true, Ordering::Relaxed);
        }
        if !mutant("left_in_the_hatch") {
            // SAFETY: `Held` says that the lock is held.
            unsafe { self.says.store(EMPTY | LOCKED) };
        }
        Some(entry)
    }

    /// By the worker of whoever waits, or waited, here: how that wait is.
    #[inline(always)]
    pub(crate) fn look(&self, waiter: &Waiter) -> Seeing {
        let has_moved = || waiter.has_moved.load(Ordering::Relaxed);
        if has_moved() {
            return Seeing::Moved;
        }
        // Whoever has the lock meanwhile disturbs nothing.
        let locked = if mutant("hatch_locked_means_waiting") { 0 } else { LOCKED };
        match self.says.load() & !locked {
            // Another one may have come to wait here, and have been met, after this one had moved: then that is seen now.
            MET if has_moved() => Seeing::Moved,
            MET => Seeing::Met,
            _ => Seeing::Waiting,
        }
    }

    /// By the worker of whoever waited, which has seen that somebody has come: takes the message out, to `place`, if it was to be received.
    ///
    /// # Safety
    /// `place` and `size` are those of the wait.
    #[inline(always)]
    pub(crate) unsafe fn take_out(&self, waits: Waits, place: *mut u8, size: usize) {
        if waits == Waits::ToReceive && size <= ROOM {
            // SAFETY: until `seen` says so, nobody but us uses the room.
            let own = unsafe { Held::new(NoJournal) };
            // SAFETY: by the caller.
            unsafe { self.get_out(place, size, &own) };
        }
        // SYNC seen: see `find`.
        self.seen.0.store(true, Ordering::Release);
    }

    /// # Safety
    /// There are `size` bytes, at most those of the room, at `place`; the lock is held.
    #[inline(always)]
    unsafe fn put_in(&self, place: *const u8, size: usize, lock: &Held<NoJournal>) {
        // SAFETY: by the caller.
        let first = unsafe { read(place, WORD.min(size)) };
        // SAFETY: as above.
        unsafe { self.says.set_second(first) };
        for (word, at) in self.room.iter().zip((WORD..size).step_by(WORD)) {
            // SAFETY: the rest of the bytes, by the caller.
            word.set(unsafe { read(place.wrapping_add(at), WORD.min(size - at)) }, lock);
        }
    }

    /// # Safety
    /// There is room for `size` bytes, at most those of the room, at `place`; the lock is held, or the room is the caller's.
    #[inline(always)]
    unsafe fn get_out(&self, place: *mut u8, size: usize, lock: &Held<NoJournal>) {
        // SAFETY: by the caller.
        let first = unsafe { self.says.second() };
        // SAFETY: as above.
        unsafe { write(first, place, WORD.min(size)) };
        for (word, at) in self.room.iter().zip((WORD..size).step_by(WORD)) {
            // SAFETY: room for the rest of the bytes, by the caller.
            unsafe { write(word.get(lock), place.wrapping_add(at), WORD.min(size - at)) };
        }
    }
}

/// # Safety
/// There are `size` bytes, at most those of a word, at `place`.
#[inline(always)]
unsafe fn read(place: *const u8, size: usize) -> Word {
    if size == WORD {
        // SAFETY: by the caller.
        return unsafe { place.cast::<Word>().read_unaligned() };
    }
    let mut word = Word::new(0);
    // SAFETY: by the caller.
    unsafe { word.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(place, size) };
    word
}

/// # Safety
/// There is room for `size` bytes, at most those of a word, at `place`.
#[inline(always)]
unsafe fn write(word: Word, place: *mut u8, size: usize) {
    if size == WORD {
        // SAFETY: by the caller.
        return unsafe { place.cast::<Word>().write_unaligned(word) };
    }
    // SAFETY: by the caller.
    unsafe { place.copy_from_nonoverlapping(word.as_ptr().cast::<u8>(), size) };
}
