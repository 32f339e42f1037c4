//! The guards of a choice, all of one type, so that a choice is a loop over them.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::few::Few;
use super::slot::{Outcome, OutputSlot, Slot};
use crate::channel::{Channel, Receiver, Sender};
use crate::rendezvous::local::Local;
use crate::rendezvous::meet::{Arrival, Manner};
use crate::rendezvous::offer::{Entry, Kind, Offer};

/// One guard of a choice.
pub struct Guard<'a> {
    pub(super) what: What<'a>,
    pub(super) branch: u32,
    pub(super) replica: u32,
}

#[repr(u8)]
pub(super) enum What<'a> {
    /// Its precondition is false.
    Off,
    Communication(Communication<'a>),
    Timeout(Option<Instant>),
    Skip,
}

/// An input or output guard.
pub(super) struct Communication<'a> {
    pub(super) channel: &'a Arc<Channel>,
    /// Where its message goes, or 0.
    pub(super) place: *mut u8,
    pub(super) outcome: &'a Outcome,
    stamp: &'a AtomicU64,
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
            guard.communication().map_or((Kind::Receive, std::ptr::null_mut()), |it| (it.kind, it.place));
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
    fn new(channel: &'a Arc<Channel>, stamp: &'a AtomicU64, kind: Kind, place: *mut u8, outcome: &'a Outcome) -> Self {
        Self { channel, place, outcome, stamp, kind, live: Cell::new(false) }
    }

    /// How this guard's channel has ended, if it has.
    pub(super) fn ended(&self) -> Option<crate::rendezvous::decision::Outcome> {
        if self.kind.is_sending() { self.channel.ended_for_senders() } else { self.channel.over_for_receivers() }
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
        if unsafe { self.channel.core.stand(&seat.entry) } {
            return Arrival::Waiting;
        }
        // SAFETY: passed on.
        unsafe { self.channel.core.arrive(&seat.entry, manner) }
    }

    /// Takes the entry out of its queue.
    pub(super) fn leave(&self, seat: &Seat) {
        #[cfg(feature = "backend-processes")]
        if let Some(there) = seat.there.get() {
            there.link.core.leave(there.entry);
            return;
        }
        self.channel.core.leave(&seat.entry);
    }

    /// The stamp as it is: twice [`chosen_at`](Self::chosen_at), and 1 if it [`was_passed_over`](Self::was_passed_over).
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(super) fn stamp(&self) -> u64 {
        self.stamp.load(Ordering::Relaxed)
    }

    /// When this end was last chosen, against the others of its choices.
    pub(super) fn chosen_at(&self) -> u64 {
        self.stamp.load(Ordering::Relaxed) >> 1
    }

    pub(super) fn set_chosen_at(&self, moment: u64) {
        self.stamp.store(moment << 1, Ordering::Relaxed);
    }

    /// Whether the last choice over this end took a timeout instead.
    pub(super) fn was_passed_over(&self) -> bool {
        self.stamp.load(Ordering::Relaxed) & 1 == 1
    }

    pub(super) fn set_passed_over(&self, passed_over: bool) {
        self.stamp.store(self.chosen_at() << 1 | u64::from(passed_over), Ordering::Relaxed);
    }
}

impl<'a> Guard<'a> {
    fn new(branch: u32, replica: u32, what: What<'a>) -> Self {
        Self { what, branch, replica }
    }

    pub(super) fn communication(&self) -> Option<&Communication<'a>> {
        match &self.what {
            What::Communication(communication) => Some(communication),
            _ => None,
        }
    }
}

/// `receiver ? pattern`; no receiver if the precondition is false.
pub fn input<'a, T: Send>(
    branch: u32,
    replica: u32,
    receiver: Option<&'a Receiver<T>>,
    slot: &'a Slot<T>,
) -> Guard<'a> {
    receive(branch, replica, receiver, slot, Kind::Receive)
}

/// `receiver ?? pattern`; no receiver if the precondition is false.
pub fn extended<'a, T: Send>(
    branch: u32,
    replica: u32,
    receiver: Option<&'a Receiver<T>>,
    slot: &'a Slot<T>,
) -> Guard<'a> {
    receive(branch, replica, receiver, slot, Kind::ReceiveExtended)
}

fn receive<'a, T: Send>(
    branch: u32,
    replica: u32,
    receiver: Option<&'a Receiver<T>>,
    slot: &'a Slot<T>,
    kind: Kind,
) -> Guard<'a> {
    let what = receiver.map_or(What::Off, |receiver| {
        What::Communication(Communication::new(receiver.channel(), receiver.stamp(), kind, slot.place(), &slot.outcome))
    });
    Guard::new(branch, replica, what)
}

/// `sender ! expression`; no sender if the precondition is false.
pub fn output<'a, T: Send>(
    branch: u32,
    replica: u32,
    sender: Option<&'a Sender<T>>,
    slot: &'a OutputSlot<T>,
) -> Guard<'a> {
    let what = sender.map_or(What::Off, |sender| {
        let place = std::ptr::null_mut();
        What::Communication(Communication::new(sender.channel(), sender.stamp(), Kind::SendLater, place, &slot.outcome))
    });
    Guard::new(branch, replica, what)
}

/// `after deadline`; no deadline if the precondition is false.
pub fn after(branch: u32, replica: u32, deadline: Option<Deadline>) -> Guard<'static> {
    Guard::new(branch, replica, deadline.map_or(What::Off, |deadline| What::Timeout(deadline.0)))
}

/// `skip`, if its precondition holds.
pub fn skip(branch: u32, replica: u32, precondition: bool) -> Guard<'static> {
    Guard::new(branch, replica, if precondition { What::Skip } else { What::Off })
}

/// Whether a timeout guard's deadline has passed.
pub(super) fn expired(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| crate::sync::now() >= deadline)
}

/// A moment; none if it lies beyond what the clock can tell.
pub struct Deadline(Option<Instant>);

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

/// The guards of a choice that has replicated ones; a few need no allocation.
pub struct GuardList<'a>(Few<Guard<'a>>);

impl<'a> GuardList<'a> {
    /// No guards yet.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    #[inline(always)]
    pub fn new() -> Self {
        Self(Few::new())
    }

    /// Adds a guard, in order of priority.
    #[inline(always)]
    pub fn push(&mut self, guard: Guard<'a>) {
        self.0.push(guard);
    }
}

impl<'a> Deref for GuardList<'a> {
    type Target = [Guard<'a>];

    fn deref(&self) -> &[Guard<'a>] {
        self.0.as_slice()
    }
}
