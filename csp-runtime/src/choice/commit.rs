//! A chosen output guard, between the choice and the arrival of its value.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::Arc;

#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::channel::Lease;
use crate::channel::{Channel, Paired, Plain};
use crate::error::{Cause, CauseKind};
use crate::process::context::Context;
use crate::process::here::{current, running};
use crate::rendezvous::core::Side;
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::local::Local;
use crate::rendezvous::meet::{Arrival, deliver, dismiss};
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::rendezvous::neighbours::deliver_to_neighbour;
use crate::rendezvous::offer::{Entry, Kind, Offer};
use crate::rendezvous::wait::wait;
use crate::sync::mutant;

/// A claimed partner, or a place in a buffer, that waits for its message. Dropped without one, it poisons the channel.
///
/// It does not borrow the sender, whose owner may use it to compute the message, but counts as an end meanwhile.
#[must_use]
pub struct Commit<T: Send> {
    hold: Hold,
    message: PhantomData<*mut T>,
}

/// What keeps the channel, and the partner. Two words, which find room in registers on their way from the choice to the message: what is large lies
/// elsewhere.
pub(crate) enum Hold {
    Counted(Box<Counted>),
    /// Where the partner is a coroutine of this worker, which the lease knows.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    Lease(Lease),
}

/// Held like any other channel.
pub(crate) struct Counted {
    /// A reference; of a `Commit`, also the count of one more sender.
    channel: Arc<Channel>,
    paired: Paired,
}

impl Hold {
    pub(super) fn counted(channel: Arc<Channel>, paired: Paired) -> Self {
        Self::Counted(Box::new(Counted { channel, paired }))
    }

    /// What an extended input has left.
    pub(super) fn into_counted(self) -> (Arc<Channel>, Paired) {
        match self {
            Hold::Counted(held) => (held.channel, held.paired),
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            Hold::Lease(_) => unreachable!("only an output has a lease"),
        }
    }

    fn channel(&self) -> &Channel {
        match self {
            Hold::Counted(held) => &held.channel,
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            Hold::Lease(lease) => lease.channel(),
        }
    }
}

impl<T: Send> Commit<T> {
    #[inline(always)]
    pub(super) fn new(hold: Hold) -> Self {
        match &hold {
            Hold::Counted(held) => held.channel.add_end(Side::Senders),
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            Hold::Lease(_) => {}
        }
        current(|context| context.begin_commit());
        Self { hold, message: PhantomData }
    }

    /// Completes the communication with `message`. If the receiver's guard is an extended input, this waits for its body.
    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn send(self, message: T) {
        let at = Location::caller();
        // SAFETY: the running process is the caller, and the reference is not kept.
        let context = unsafe { running() };
        self.send_as(context, message, at);
    }

    /// [`send`](Self::send), by the process of `context`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn send_as(self, context: &Context, message: T, at: &'static Location<'static>) {
        let this = ManuallyDrop::new(self);
        // SAFETY: `this` is never dropped, so the hold is moved out once.
        let hold = unsafe { std::ptr::read(&this.hold) };
        context.end_commit();
        match hold {
            Hold::Counted(held) => send_long(*held, context, message, at),
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            Hold::Lease(lease) => {
                let mut message = ManuallyDrop::new(message);
                let place = std::ptr::from_mut(&mut *message).cast();
                // SAFETY: the lease is for this receiver, which nobody else completes, and the place holds a message of its channel.
                unsafe { deliver_to_neighbour(lease.receiver(), place, size_of::<T>()) };
            }
        }
    }
}

/// [`Commit::send`], wherever the partner is.
#[inline(never)]
fn send_long<T: Send>(held: Counted, context: &Context, message: T, at: &'static Location<'static>) {
    let Counted { channel, paired } = held;
    let mut message = ManuallyDrop::new(message);
    let place = std::ptr::from_mut(&mut *message).cast();
    #[cfg(feature = "backend-processes")]
    if let Some(shared) = paired.shared {
        // Also if the message cannot be sent.
        let _counted = Leaves(&channel);
        // SAFETY: there is a message.
        match unsafe { shared.deliver(&channel, context, place, at) } {
            Ok(true) => {}
            // The channel ended while the value was made: the message is still here.
            Ok(false) => drop(ManuallyDrop::into_inner(message)),
            Err(bytes) => {
                let _message = ManuallyDrop::into_inner(message);
                panic!("{at}: {}", crate::shared::operation::too_large(bytes));
            }
        }
        return;
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

/// The end that a `Commit` counts as.
#[cfg(feature = "backend-processes")]
struct Leaves<'a>(&'a Arc<Channel>);

#[cfg(feature = "backend-processes")]
impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.drop_end(Side::Senders);
    }
}

impl<T: Send> Drop for Commit<T> {
    fn drop(&mut self) {
        let cause = current(|context| {
            context.end_commit();
            Cause::new(CauseKind::Abandoned, context.name())
        });
        self.hold.channel().poison(Side::Senders, cause);
        match &mut self.hold {
            Hold::Counted(held) => {
                let Counted { channel, paired } = &mut **held;
                #[cfg(feature = "backend-processes")]
                if let Some(shared) = paired.shared.take() {
                    shared.abandon();
                    return channel.drop_end(Side::Senders);
                }
                match paired.partner {
                    Some(_) if mutant("abandon_silently") => {}
                    // SAFETY: paired by `choose`, and completed by us alone.
                    Some(partner) => unsafe { dismiss::<Local>(partner, Outcome::Poisoned) },
                    None => channel.core.release_kept_place(None),
                }
                channel.drop_end(Side::Senders);
            }
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            // SAFETY: as in `send`. The lease ends after it.
            Hold::Lease(lease) => unsafe { dismiss::<Local>(lease.receiver(), Outcome::Poisoned) },
        }
    }
}
