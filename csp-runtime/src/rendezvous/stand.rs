//! Where a coroutine stands with a plain operation: its entry and its offer side by side, so that whoever has found the one need not look
//! up where the other is. Each thing that has to be looked up delays the switch to whoever is woken.

use std::cell::UnsafeCell;
use std::ptr;

use super::local::Local;
use super::offer::{Entry, Kind, Offer};
use crate::backend::Park;

/// One for the whole life of a coroutine, so that very many take few cache lines each, and what never changes is written once.
#[repr(C)]
pub(crate) struct Stand {
    entry: UnsafeCell<Entry<Local>>,
    offer: Offer,
}

impl Stand {
    /// Of somebody who waits nowhere, and is woken so.
    pub(crate) fn new(parker: &'static dyn Park) -> Self {
        let offer = Offer::plain(parker, true);
        offer.decision.complete_standing();
        Self { entry: UnsafeCell::new(Entry::new(ptr::null(), 0, Kind::Receive, ptr::null_mut())), offer }
    }

    /// It has come to where it stays.
    pub(crate) fn settle(&self) {
        // Whoever finds the entry is to find the offer too: see `around`.
        ptr::from_ref(self).expose_provenance();
        self.entry().attach(&self.offer);
    }

    /// An entry for a new offer, with which nobody has waited yet.
    ///
    /// # Safety
    /// It has settled, and its owner, who is the caller, waits with no other.
    #[inline(always)]
    pub(crate) unsafe fn open(&self, kind: Kind, place: *mut u8) -> &Entry<Local> {
        // SAFETY: the last offer is complete, so nobody else uses the entry.
        unsafe { Entry::renew(self.entry.get(), kind, place) };
        self.offer.decision.open_of_a_sleeper();
        self.entry()
    }

    /// Where its entry is, whichever that will be.
    #[inline(always)]
    pub(crate) fn place_of_entry(&self) -> *const Entry<Local> {
        self.entry.get()
    }

    #[inline(always)]
    pub(crate) fn entry(&self) -> &Entry<Local> {
        // SAFETY: only `open` changes more of it than its cells, while no reference is in use.
        unsafe { &*self.entry.get() }
    }

    #[inline(always)]
    pub(crate) fn offer(&self) -> &Offer {
        &self.offer
    }

    /// The one to which an entry belongs.
    ///
    /// # Safety
    /// It [stands](Entry::stands), and waits.
    #[inline(always)]
    pub(super) unsafe fn around(entry: &Entry<Local>) -> &Self {
        let place = ptr::from_ref(entry).addr() - std::mem::offset_of!(Self, entry);
        // SAFETY: only `open` makes an entry stand, of which it has settled, and does not end while it waits.
        unsafe { &*ptr::with_exposed_provenance(place) }
    }
}
