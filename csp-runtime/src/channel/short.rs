//! A plain operation between coroutines of one worker: the commonest, so everything that others need is left out.

use std::panic::Location;

use super::inner::{Channel, Plain};
use crate::backend;
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
    /// of `context`, for which `goes_the_short_way` holds.
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
        let own = match unsafe { self.core.find_neighbour(kind, place, size) } {
            Found::Met(parker, about) => {
                // SAFETY: whoever waits where the lock is our own is a coroutine of this worker.
                unsafe { backend::wake_neighbour(parker, about) };
                return Some(Outcome::Met);
            }
            Found::Other => return None,
            Found::Nobody(own) => own,
        };
        let standing = Standing {
            entry: Entry::new(std::ptr::null(), 0, kind, place),
            offer: Offer::plain(context.parker(), true),
            channel: self,
            at,
        };
        standing.entry.attach(&standing.offer);
        // SAFETY: we stay here until the offer is complete.
        unsafe { own.wait_here(&standing.entry) };
        context.block_here(&standing);
        let outcome = loop {
            backend::park_this_coroutine(context);
            if let Some((_, outcome)) = standing.offer.decision.result() {
                break outcome;
            }
        };
        context.unblock_here();
        Some(outcome)
    }
}

/// An operation that waits: all of it side by side, so that of very many each takes no more cache lines than it must.
#[repr(C)]
struct Standing<'a> {
    entry: Entry<Local>,
    offer: Offer,
    channel: &'a Channel,
    at: &'static Location<'static>,
}

impl Standing<'_> {
    fn plain(&self) -> Plain<'_> {
        Plain { channel: self.channel, offer: &self.offer, kind: self.entry.kind, at: self.at }
    }
}

impl Operation for Standing<'_> {
    fn is_pending(&self) -> bool {
        self.plain().is_pending()
    }

    fn describe(&self, report: &mut dyn std::fmt::Write) -> std::fmt::Result {
        self.plain().describe(report)
    }

    fn at(&self) -> Option<&'static Location<'static>> {
        Some(self.at)
    }

    fn end(&self, cause: &Cause) {
        self.plain().end(cause);
    }
}
