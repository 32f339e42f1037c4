//! The guards of a choice, all of one type, so that a choice is a loop over them.

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::choose::Chosen;
use super::slot::Outcome;
use super::stamp::Stamp;
use crate::channel::{Channel, End};
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::rendezvous::bias::Owner;
use crate::rendezvous::local::Local;
use crate::rendezvous::meet::{Arrival, Manner};
use crate::rendezvous::offer::{Entry, Kind, Offer};

/// One guard of a choice.
pub(super) struct Guard<'a> {
    pub(super) what: What<'a>,
    /// What a choice says that takes it.
    pub(super) chosen: Chosen,
}

pub(super) enum What<'a> {
    Communication(Communication<'a>),
    Timeout(Option<Instant>),
    Skip,
}

/// An input or output guard. Small, because a choice over many ends makes as many of them each time.
pub(super) struct Communication<'a> {
    end: &'a End,
    /// Its slot, of which only this part is known here.
    slot: NonNull<Outcome>,
    pub(super) kind: Kind,
    /// Its channel had not ended when the choice began.
    pub(super) live: Cell<bool>,
}

/// What a guard needs in addition once it is offered, or tried the long way.
pub(super) struct Seat {
    pub(super) entry: Entry<Local>,
    /// It waits in its channel's queue.
    pub(super) queued: Cell<bool>,
    /// Its entry, if its channel is in the arena.
    #[cfg(feature = "backend-processes")]
    pub(super) there: Cell<Option<There>>,
}

impl Seat {
    pub(super) fn of(guard: &Guard<'_>) -> Self {
        let (kind, place) =
            guard.communication().map_or((Kind::Receive, std::ptr::null_mut()), |it| (it.kind, it.place()));
        Self {
            entry: Entry::new(std::ptr::null(), 0, kind, place),
            queued: Cell::new(false),
            #[cfg(feature = "backend-processes")]
            there: Cell::new(None),
        }
    }
}

/// A guard's place in the arena.
#[cfg(feature = "backend-processes")]
#[derive(Clone, Copy)]
pub(super) struct There {
    pub(super) link: crate::shared::channel::ChannelLink,
    pub(super) seat: usize,
    pub(super) entry: &'static Entry<crate::shared::home::Shared>,
}

impl<'a> Communication<'a> {
    #[inline(always)]
    pub(super) fn new(end: &'a End, kind: Kind, slot: NonNull<Outcome>) -> Self {
        Self { end, slot, kind, live: Cell::new(false) }
    }

    #[inline(always)]
    pub(super) fn channel(&self) -> &'a Arc<Channel> {
        &self.end.channel
    }

    /// Where the choice leaves what this guard brings.
    #[inline(always)]
    pub(super) fn outcome(&self) -> &'a Outcome {
        // SAFETY: the slot is borrowed for as long as the guard: see `Slot::erased`.
        unsafe { self.slot.as_ref() }
    }

    /// Where its message goes; null for an output.
    #[inline(always)]
    pub(super) fn place(&self) -> *mut u8 {
        if self.kind.is_sending() {
            return std::ptr::null_mut();
        }
        // SAFETY: the slot says where in it its message is.
        unsafe { self.slot.as_ptr().cast::<u8>().add(self.outcome().message_at) }
    }

    /// How this guard's channel has ended, if it has.
    pub(super) fn ended(&self) -> Option<crate::rendezvous::decision::Outcome> {
        if self.kind.is_sending() { self.channel().ended_for_senders() } else { self.channel().over_for_receivers() }
    }

    /// The offer, which is guard `index` of it here, comes to the channel.
    ///
    /// # Safety
    /// As for [`Core::arrive`](crate::rendezvous::core::Core::arrive).
    pub(super) unsafe fn arrive(&self, seat: &Seat, offer: &Offer, index: usize, manner: Manner) -> Arrival {
        #[cfg(feature = "backend-processes")]
        if let Some(there) = seat.there.get() {
            there.entry.set_index(index as u32);
            // SAFETY: passed on.
            return unsafe { there.link.core.arrive(there.entry, manner) };
        }
        seat.entry.attach(offer);
        seat.entry.set_index(index as u32);
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        // SAFETY: passed on.
        if unsafe { self.channel().core.stand(Owner::this(), &seat.entry) } {
            return Arrival::Waiting;
        }
        // SAFETY: passed on.
        unsafe { self.channel().core.arrive(&seat.entry, manner) }
    }

    /// Takes the entry out of its queue.
    pub(super) fn leave(&self, seat: &Seat) {
        #[cfg(feature = "backend-processes")]
        if let Some(there) = seat.there.get() {
            there.link.core.leave(there.entry);
            return;
        }
        self.channel().core.leave(&seat.entry);
    }

    /// When its end was last chosen.
    #[inline(always)]
    pub(super) fn stamp(&self) -> &'a Stamp {
        &self.end.stamp
    }
}

impl<'a> Guard<'a> {
    pub(super) fn communication(&self) -> Option<&Communication<'a>> {
        match &self.what {
            What::Communication(communication) => Some(communication),
            _ => None,
        }
    }
}

/// Whether a timeout guard's deadline has passed.
pub(super) fn expired(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| crate::sync::now() >= deadline)
}

/// A moment; none if it lies beyond what the clock can tell.
pub struct Deadline(pub(super) Option<Instant>);

/// What may stand behind `after`.
#[diagnostic::on_unimplemented(
    message = "`after` takes a `Duration` or an `Instant`, not `{Self}`",
    label = "neither a `Duration` nor an `Instant`",
    note = "write `after Duration::from_millis(50)`, or an absolute deadline: `after started + limit`"
)]
pub trait IntoDeadline {
    /// The moment that it means, if it is asked for now.
    fn into_deadline(self) -> Deadline;
}

impl IntoDeadline for Duration {
    fn into_deadline(self) -> Deadline {
        Deadline(Instant::now().checked_add(self))
    }
}

impl IntoDeadline for Instant {
    fn into_deadline(self) -> Deadline {
        Deadline(Some(self))
    }
}

/// The moment that `after`'s expression means.
pub fn deadline(expression: impl IntoDeadline) -> Deadline {
    expression.into_deadline()
}
