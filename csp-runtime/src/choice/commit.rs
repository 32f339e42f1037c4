//! A chosen output guard, between the choice and the arrival of its value.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::Arc;

use crate::channel::{Channel, Paired, Plain};
use crate::error::{Cause, CauseKind};
use crate::process::context::{Context, current};
use crate::rendezvous::core::Side;
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::local::Local;
use crate::rendezvous::meet::{Arrival, deliver, dismiss};
use crate::rendezvous::offer::{Entry, Kind, Offer};
use crate::rendezvous::wait::wait;
use crate::sync::mutant;

/// A claimed partner, or a place in a buffer, that waits for its message. Dropped without one, it poisons the channel.
///
/// It does not borrow the sender, whose owner may use it to compute the message, but counts as an end meanwhile.
#[must_use]
pub struct Commit<T: Send> {
    channel: Arc<Channel>,
    paired: Paired,
    message: PhantomData<*mut T>,
}

impl<T: Send> Commit<T> {
    pub(super) fn new(channel: Arc<Channel>, paired: Paired) -> Self {
        channel.add_end(Side::Senders);
        current(|context| context.begin_commit());
        Self { channel, paired, message: PhantomData }
    }

    /// Completes the communication with `message`. If the receiver's guard is an extended input, this waits for its body.
    #[track_caller]
    pub fn send(self, message: T) {
        let at = Location::caller();
        current(|context| self.send_as(context, message, at));
    }

    /// [`send`](Self::send), by the process of `context`.
    pub(crate) fn send_as(self, context: &Context, message: T, at: &'static Location<'static>) {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped, so the reference is moved out once.
        let channel = unsafe { std::ptr::read(&this.channel) };
        // SAFETY: as above.
        let paired = unsafe { std::ptr::read(&this.paired) };
        let mut message = ManuallyDrop::new(message);
        context.end_commit();
        let place = std::ptr::from_mut(&mut *message).cast();
        #[cfg(feature = "backend-processes")]
        if let Some(shared) = paired.shared {
            // SAFETY: there is a message.
            if !unsafe { shared.deliver(&channel, context, place, at) } {
                // SAFETY: the channel ended while the value was made: the message is still here, and is dropped once.
                unsafe { ManuallyDrop::drop(&mut message) };
            }
            return channel.drop_end(Side::Senders);
        }
        let offer = Offer::plain(context.parker(), context.is_hosted());
        let entry = Entry::<Local>::new(&offer, 0, Kind::Send, place);
        let arrival = match paired.partner {
            // SAFETY: paired by `choose`, and completed by us alone; the entry stays until the wait below is over.
            Some(partner) => unsafe { deliver::<Local>(&entry, partner, size_of::<T>()) },
            // SAFETY: `choose` kept a place; the entry stays until the wait below is over.
            None => unsafe { channel.core.use_kept_place(&entry, None) },
        };
        match arrival {
            Arrival::Paired => {
                let operation = Plain { channel: &channel, offer: &offer, kind: Kind::Send, at };
                wait(context, &offer.decision, &operation, None);
            }
            // SAFETY: the channel ended while the value was made: the message has not moved, and is dropped once.
            Arrival::Ended(_) => unsafe { ManuallyDrop::drop(&mut message) },
            _ => {}
        }
        channel.drop_end(Side::Senders);
    }
}

impl<T: Send> Drop for Commit<T> {
    fn drop(&mut self) {
        let cause = current(|context| {
            context.end_commit();
            Cause::new(CauseKind::Abandoned, context.name())
        });
        self.channel.poison(Side::Senders, cause);
        #[cfg(feature = "backend-processes")]
        if let Some(shared) = self.paired.shared.take() {
            shared.abandon();
            return self.channel.drop_end(Side::Senders);
        }
        match self.paired.partner {
            Some(_) if mutant("abandon_silently") => {}
            // SAFETY: paired by `choose`, and completed by us alone.
            Some(partner) => unsafe { dismiss::<Local>(partner, Outcome::Poisoned) },
            None => self.channel.core.release_kept_place(None),
        }
        self.channel.drop_end(Side::Senders);
    }
}
