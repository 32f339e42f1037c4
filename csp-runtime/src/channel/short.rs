//! A plain operation between coroutines of one worker: the commonest, so everything that others need is left out.

use std::cell::{Cell, UnsafeCell};
use std::panic::Location;

use super::inner::{Channel, Plain};
use crate::backend::{self, Park};
use crate::deadlock::Operation;
use crate::error::Cause;
use crate::process::context::Context;
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::local::Local;
use crate::rendezvous::neighbours::Found;
use crate::rendezvous::offer::{Entry, Kind, Offer};

impl Channel {
    /// The whole operation, or none of it: whoever cannot go the short way learns nothing and has changed nothing.
    ///
    /// # Safety
    /// As for `communicate`; `kind` is `Send` or `Receive`, `size` that of a message of this channel. The caller is the process
    /// of `context`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn communicate_nearby(
        &self,
        context: &Context,
        kind: Kind,
        place: *mut u8,
        size: usize,
        at: &'static Location<'static>,
    ) -> Option<Outcome> {
        // SAFETY: passed on.
        let own = match unsafe { self.core.find_neighbour(context.short_way.worker(), kind, place, size) } {
            Found::Met(partner) => {
                // SAFETY: whoever waits where the lock is our own is a coroutine of this worker.
                unsafe { partner.wake() };
                return Some(Outcome::Met);
            }
            Found::Other => return None,
            Found::Nobody(own) => own,
        };
        // SAFETY: the process of `context` is here, so it waits nowhere.
        let entry = unsafe { context.standing.renew(self, kind, place, at) };
        // SAFETY: we stay here until the offer is complete.
        unsafe { own.wait_here(entry) };
        context.stand();
        let outcome = loop {
            backend::park_this_coroutine(context);
            if let Some((_, outcome)) = context.standing.offer.decision.result() {
                break outcome;
            }
        };
        context.stand_no_more();
        Some(outcome)
    }
}

/// Where a coroutine stands while it waits with a plain operation. It has one such place for its whole life, beside what else a switch
/// to it needs, so that very many take few cache lines each, and what never changes is written once.
#[repr(C)]
pub(crate) struct Standing {
    channel: Cell<*const Channel>,
    at: Cell<&'static Location<'static>>,
    entry: UnsafeCell<Entry<Local>>,
    offer: Offer,
}

impl Standing {
    /// Of somebody who waits nowhere, and is woken so.
    pub(crate) fn new(parker: &'static dyn Park) -> Self {
        Self {
            channel: Cell::new(std::ptr::null()),
            at: Cell::new(Location::caller()),
            entry: UnsafeCell::new(Entry::new(std::ptr::null(), 0, Kind::Receive, std::ptr::null_mut())),
            offer: Offer::plain(parker, true),
        }
    }

    /// It has come to where it stays.
    pub(crate) fn settle(&self) {
        self.entry().attach(&self.offer);
    }

    #[inline(always)]
    pub(crate) fn parker(&self) -> &'static dyn Park {
        self.offer.parker()
    }

    /// An entry for a new offer, with which nobody has waited yet.
    ///
    /// # Safety
    /// It has settled, and its owner, who is the caller, waits with no other.
    #[inline(always)]
    unsafe fn renew(
        &self,
        channel: &Channel,
        kind: Kind,
        place: *mut u8,
        at: &'static Location<'static>,
    ) -> &Entry<Local> {
        self.channel.set(channel);
        self.at.set(at);
        // SAFETY: the last offer is complete, so nobody else uses the entry.
        unsafe { Entry::renew(self.entry.get(), kind, place) };
        self.offer.decision.open_of_a_sleeper();
        self.entry()
    }

    #[inline(always)]
    fn entry(&self) -> &Entry<Local> {
        // SAFETY: only `renew` changes more of it than its cells, while no reference is in use.
        unsafe { &*self.entry.get() }
    }

    fn plain(&self) -> Plain<'_> {
        // SAFETY: shown to others only while the owner waits there, which keeps the channel alive.
        let channel = unsafe { &*self.channel.get() };
        Plain { channel, offer: &self.offer, kind: self.entry().kind, at: self.at.get() }
    }
}

impl Operation for Standing {
    fn is_pending(&self) -> bool {
        self.plain().is_pending()
    }

    fn describe(&self, report: &mut dyn std::fmt::Write) -> std::fmt::Result {
        self.plain().describe(report)
    }

    fn at(&self) -> Option<&'static Location<'static>> {
        Some(self.at.get())
    }

    fn end(&self, cause: &Cause) {
        self.plain().end(cause);
    }
}
