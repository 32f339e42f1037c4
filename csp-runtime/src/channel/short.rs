//! A plain operation between coroutines of one worker: the commonest, so everything that others need is left out.

use std::cell::Cell;
use std::panic::Location;

use super::inner::Channel;
use super::plain::Plain;
use crate::backend::{self, Park};
use crate::deadlock::Operation;
use crate::error::Cause;
use crate::process::context::Context;
use crate::process::here::Here;
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::local::Local;
use crate::rendezvous::neighbours::{Found, Own};
use crate::rendezvous::offer::{Entry, Kind};
use crate::rendezvous::stand::Stand;

impl Channel {
    /// The whole operation, or none of it: whoever cannot go the short way learns nothing and has changed nothing.
    ///
    /// # Safety
    /// As for `communicate`; `kind` is `Send` or `Receive`, `size` that of a message of this channel. The caller is the process
    /// that is `here`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn communicate_nearby(
        &self,
        here: Here,
        kind: Kind,
        place: *mut u8,
        size: usize,
        at: &'static Location<'static>,
    ) -> Option<Outcome> {
        // SAFETY: passed on.
        let own = match unsafe { self.core.find_neighbour(here.worker(), kind, place, size) } {
            Found::Met(partner) => {
                // SAFETY: whoever waits where the lock is our own is a coroutine of this worker.
                unsafe { partner.wake() };
                return Some(Outcome::Met);
            }
            Found::Other => return None,
            Found::Another(own) => {
                // SAFETY: passed on; whose worker has a lock is somebody.
                let context = unsafe { here.context() };
                // SAFETY: passed on.
                return unsafe { self.communicate_otherwise(own, context, kind, place, size, at) };
            }
            Found::Nobody(own) => own,
        };
        // SAFETY: as above.
        let context = unsafe { here.context() };
        // SAFETY: passed on.
        Some(unsafe { self.stand(own, context, kind, place, at) })
    }

    /// [`communicate_nearby`](Self::communicate_nearby) where somebody waits who does not just stand there.
    ///
    /// # Safety
    /// As there.
    #[inline(never)]
    unsafe fn communicate_otherwise(
        &self,
        own: Own<'_>,
        context: &Context,
        kind: Kind,
        place: *mut u8,
        size: usize,
        at: &'static Location<'static>,
    ) -> Option<Outcome> {
        // SAFETY: passed on.
        match unsafe { own.find_other(kind, place, size) } {
            Found::Met(partner) => {
                // SAFETY: as in `communicate_nearby`.
                unsafe { partner.wake() };
                Some(Outcome::Met)
            }
            // SAFETY: passed on.
            Found::Nobody(own) => Some(unsafe { self.stand(own, context, kind, place, at) }),
            Found::Another(_) | Found::Other => None,
        }
    }

    /// Waits for a partner.
    ///
    /// # Safety
    /// As for [`communicate_nearby`](Self::communicate_nearby).
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn stand(
        &self,
        own: Own<'_>,
        context: &Context,
        kind: Kind,
        place: *mut u8,
        at: &'static Location<'static>,
    ) -> Outcome {
        // SAFETY: the process of `context` is here, so it waits nowhere.
        let entry = unsafe { context.standing.begin(self, kind, place, at) };
        // SAFETY: we stay here until the offer is complete.
        unsafe { own.wait_here(entry) };
        context.count_wait();
        context.standing.wait(context)
    }
}

/// Where a coroutine stands while it waits with a plain operation, and what is said of that in a report.
#[repr(C)]
pub(crate) struct Standing {
    channel: Cell<*const Channel>,
    at: Cell<&'static Location<'static>>,
    stand: Stand,
}

impl Standing {
    /// Of somebody who waits nowhere, and is woken so.
    pub(crate) fn new(parker: &'static dyn Park) -> Self {
        Self { channel: Cell::new(std::ptr::null()), at: Cell::new(Location::caller()), stand: Stand::new(parker) }
    }

    /// It has come to where it stays.
    pub(crate) fn settle(&self) {
        self.stand.settle();
    }

    /// The entry of a new operation, with which nobody has waited yet.
    ///
    /// # Safety
    /// The owner is the caller, and waits nowhere.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) unsafe fn begin(
        &self,
        channel: *const Channel,
        kind: Kind,
        place: *mut u8,
        at: &'static Location<'static>,
    ) -> &Entry<Local> {
        self.channel.set(channel);
        self.at.set(at);
        // SAFETY: passed on; it has settled.
        unsafe { self.stand.open(kind, place) }
    }

    /// Where that entry is.
    #[inline(always)]
    pub(super) fn place_of_entry(&self) -> *const Entry<Local> {
        self.stand.place_of_entry()
    }

    /// Waits until that is complete; `context` is the owner's.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn wait(&self, context: &Context) -> Outcome {
        let decision = &self.stand.offer().decision;
        loop {
            backend::park_this_coroutine(context);
            if decision.has_met_standing() {
                return Outcome::Met;
            }
            if let Some((_, outcome)) = decision.result() {
                return outcome;
            }
        }
    }

    #[inline(always)]
    pub(crate) fn parker(&self) -> &'static dyn Park {
        self.stand.offer().parker()
    }

    /// Whether its owner waits there, and nobody has come yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.stand.offer().decision.is_pending()
    }

    fn plain(&self) -> Plain<'_> {
        // SAFETY: shown to others only while the owner waits there, which keeps the channel alive.
        let channel = unsafe { &*self.channel.get() };
        Plain { channel, offer: self.stand.offer(), kind: self.stand.entry().kind, at: self.at.get() }
    }
}

impl Operation for Standing {
    fn is_pending(&self) -> bool {
        self.is_pending()
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
