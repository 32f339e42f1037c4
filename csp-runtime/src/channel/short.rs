//! A plain operation between coroutines of one worker: the commonest, so everything that others need is left out.

use std::panic::Location;

use super::inner::{Channel, Plain};
use crate::backend;
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
        let offer = Offer::plain(context.parker(), true);
        let entry = Entry::<Local>::new(&offer, 0, kind, place);
        // SAFETY: we stay here until the offer is complete.
        unsafe { own.wait_here(&entry) };
        let operation = Plain { channel: self, offer: &offer, kind, at };
        context.block_here(&operation);
        let outcome = loop {
            backend::park_this_coroutine(context);
            if let Some((_, outcome)) = offer.decision.result() {
                break outcome;
            }
        };
        context.unblock_here();
        Some(outcome)
    }
}
