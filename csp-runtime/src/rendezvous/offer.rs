//! An offer: a process's announced wish to communicate; and its entries, one for each channel it stands on.

use super::decision::{Claim, Decision};
use super::home::Home;
use crate::backend::Park;
#[cfg(feature = "backend-processes")]
use crate::sync::Ordering;
use crate::sync::{AtomicU32, Guarded, Held, NoJournal, mutant};
use std::cell::Cell;

/// One operation's offer. It lives where its owner waits, and nobody touches it once it is complete.
///
/// The same for all homes, so that one choice may stand on channels of several. It ends with what partners change: in the arena that begins a cache
/// line.
#[repr(C)]
pub(crate) struct Offer {
    /// A model is replayed, so its offers rank by age: their addresses differ from run to run.
    #[cfg(loom)]
    pub(super) age: usize,
    /// Whom a partner in this process wakes.
    pub(super) parker: &'static dyn Park,
    /// A choice may stand on several channels, so its partners compete for the decision word. A plain offer stands on
    /// one: whoever takes its entry from that channel's queue, under its lock, has decided it.
    choosing: bool,
    _to_the_line: [u8; 7],
    pub(crate) decision: Decision,
    /// Of an offer whose place is used again: which one this is.
    pub(crate) generation: AtomicU32,
}

#[cfg(loom)]
fn next_age() -> usize {
    static OFFERS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    OFFERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

impl Offer {
    /// `asleep`: the owner never waits awake, so whoever completes the offer has to wake it.
    #[inline]
    pub(crate) fn plain(parker: &'static dyn Park, asleep: bool) -> Self {
        Self::new(false, parker, asleep)
    }

    /// As [`plain`](Self::plain).
    #[inline]
    pub(crate) fn choice(parker: &'static dyn Park, asleep: bool) -> Self {
        Self::new(true, parker, asleep)
    }

    #[inline]
    fn new(choosing: bool, parker: &'static dyn Park, asleep: bool) -> Self {
        Self {
            #[cfg(loom)]
            age: next_age(),
            parker,
            choosing,
            _to_the_line: [0; 7],
            decision: if asleep { Decision::of_a_sleeper() } else { Decision::new() },
            generation: AtomicU32::new(0),
        }
    }

    /// An offer that is over: to be renewed before it is used.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn complete(parker: &'static dyn Park) -> Self {
        let this = Self::new(false, parker, false);
        let _ = this.decision.complete(0, super::decision::Outcome::Met);
        this
    }

    /// Makes a new offer of one that is complete. Whoever still looks at the old one sees another generation.
    ///
    /// # Safety
    /// It is initialised, and nobody else uses it but to see which one it is.
    #[cfg(feature = "backend-processes")]
    #[inline]
    pub(crate) unsafe fn renew(this: *mut Self, choosing: bool) {
        // Left alone where nothing changes, it stays in the partner's cache too.
        // SAFETY: by the caller.
        if unsafe { (*this).choosing } != choosing {
            // SAFETY: by the caller.
            unsafe { (*this).choosing = choosing };
        }
        // SAFETY: by the caller.
        let this = unsafe { &*this };
        let generation = this.generation.load(Ordering::Relaxed).wrapping_add(1);
        crate::sync::step();
        this.generation.store(generation, Ordering::Relaxed);
        crate::sync::step();
        this.decision.open();
    }

    /// Who is woken from now on.
    ///
    /// # Safety
    /// As for [`renew`](Self::renew), before that.
    #[cfg(feature = "backend-processes")]
    pub(crate) unsafe fn wakes(this: *mut Self, parker: &'static dyn Park) {
        // SAFETY: by the caller.
        unsafe { (*this).parker = parker };
    }

    #[inline]
    pub(crate) fn is_choosing(&self) -> bool {
        self.choosing
    }

    #[cfg(any(feature = "backend-processes", feature = "backend-coroutines"))]
    #[inline]
    pub(crate) fn parker(&self) -> &'static dyn Park {
        self.parker
    }

    /// Decides an offer of which the caller, `decider`, found an entry in a queue under that channel's lock.
    #[inline]
    pub(crate) fn take(&self, decider: u32) -> Claim {
        let choosing = self.choosing && !mutant("choice_not_asked");
        if choosing { self.decision.select(decider) } else { Claim::Won }
    }
}

/// What an entry offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To send the message that lies at its place.
    Send,
    /// To send a message that will be made once a receiver is certain (an output guard).
    SendLater,
    /// To receive into its place.
    Receive,
    /// To receive, keeping the sender until it is released (extended rendezvous).
    ReceiveExtended,
}

impl Kind {
    pub(crate) fn is_sending(self) -> bool {
        matches!(self, Kind::Send | Kind::SendLater)
    }
}

/// An offer's presence on one channel.
pub(crate) struct Entry<H: Home> {
    offer: Cell<*const Offer>,
    index: Cell<u32>,
    pub(crate) kind: Kind,
    /// The kind once more, if a coroutine waits so with a plain operation, and for as long as it likes, on a channel without a buffer. Whoever
    /// holds that channel's lock as its own has nothing else to ask: see `neighbours.rs`.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    pub(super) stands: Option<Kind>,
    pub(crate) place: H::Place,
    /// The other side, where it is needed after pairing: see `PROTOCOL.md`, «partners».
    pub(crate) partner: Guarded<Option<H::Partner>>,
    /// A place in the buffer is kept for the message that this output guard will make.
    pub(crate) reserved: Guarded<bool>,
    pub(super) next: Guarded<Option<H::Link>>,
    pub(super) previous: Guarded<Option<H::Link>>,
    pub(super) queued: Guarded<bool>,
}

impl<H: Home> Entry<H> {
    /// An entry of `offer`, which must outlive it and stay put.
    pub(crate) fn new(offer: *const Offer, index: u32, kind: Kind, place: H::Place) -> Self {
        Self {
            offer: Cell::new(offer),
            index: Cell::new(index),
            kind,
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            stands: None,
            place,
            partner: Guarded::new(None),
            reserved: Guarded::new(false),
            next: Guarded::new(None),
            previous: Guarded::new(None),
            queued: Guarded::new(false),
        }
    }

    /// Makes a new entry of a plain one that has left its queue.
    ///
    /// # Safety
    /// It is initialised, nobody else uses it, and it will wait as [`stands`](Self::stands) says.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) unsafe fn renew(this: *mut Self, kind: Kind, place: H::Place) {
        // SAFETY: by the caller.
        let this = unsafe { &mut *this };
        this.kind = kind;
        this.stands = Some(kind);
        this.place = place;
    }

    pub(crate) fn offer(&self) -> &Offer {
        // SAFETY: by `new` and `attach`, the offer outlives its entries' use.
        unsafe { &*self.offer.get() }
    }

    /// A choice's entry, in no queue, learns the address of its offer, which must outlive its stay in any.
    pub(crate) fn attach(&self, offer: *const Offer) {
        self.offer.set(offer);
    }

    /// Which guard of its offer this is.
    pub(crate) fn index(&self) -> u32 {
        self.index.get()
    }

    /// As for [`attach`](Self::attach).
    pub(crate) fn set_index(&self, index: u32) {
        self.index.set(index);
    }

    /// What pairing left behind: the other side, and whether a place in the buffer is kept.
    ///
    /// # Safety
    /// The caller owns the entry, which is in no queue, and whose offer is complete or was never seen by others.
    pub(crate) unsafe fn paired_with(&self) -> (Option<H::Link>, bool) {
        // SAFETY: nobody else uses the entry, by the caller.
        let own = unsafe { Held::new(NoJournal) };
        (self.partner.get(&own).map(H::follow), self.reserved.get(&own))
    }

    /// The partner, as it was noted.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn follower(&self) -> Option<H::Partner> {
        // SAFETY: its owner is dead, or what is read is only compared.
        let own = unsafe { Held::new(NoJournal) };
        self.partner.get(&own)
    }

    /// The partner has been completed.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn forget_partner(&self) {
        // SAFETY: the entry is its owner's alone by now.
        let own = unsafe { Held::new(NoJournal) };
        crate::sync::step();
        self.partner.set(None, &own);
    }

    /// Who waits behind the same offer never meets itself: guards of one choice do not match each other.
    pub(super) fn same_offer(&self, other: &Self) -> bool {
        std::ptr::eq(self.offer.get(), other.offer.get())
    }
}
