//! Operations on a channel in the arena: the same steps as in `channel/inner.rs`, around a frame in the arena.

use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::ptr::NonNull;
use std::time::Instant;

use super::census;
use super::channel::ChannelLink;
use super::frame::{Frame, FrameGuard};
use super::home::{Parcel, Shared};
use super::message::Unpacked;
use super::recover;
use crate::arena::{Purpose, arena};
use crate::backend::Park;
use crate::channel::{Channel, Paired, Patience, Plain, may_communicate};
use crate::deadlock::{Hope, Operation};
use crate::error::{Cause, CauseKind, Refusal};
use crate::process::context::Context;
use crate::rendezvous::core::Side;
use crate::rendezvous::decision::{Decision, Outcome};
use crate::rendezvous::home::Home;
use crate::rendezvous::meet::{Arrival, Manner, deliver, dismiss};
use crate::rendezvous::offer::{Kind, Offer};

/// What pairing on a shared channel left: the frame in which its truth stands, and the partner that waits.
pub(crate) struct Kept {
    frame: FrameGuard,
    seat: usize,
    link: ChannelLink,
    partner: Option<<Shared as Home>::Link>,
    place_kept: bool,
    /// Of an extended input: where its message still is, if it may be looked at there.
    message: Option<*const Parcel>,
}

/// Who is woken when something comes of an offer of this process.
pub(crate) fn hosted(context: &Context) -> Option<&'static dyn Park> {
    context.is_hosted().then(|| context.parker())
}

/// One plain operation. An extended input leaves the frame in which it met its sender, to be [kept](keep).
///
/// # Safety
/// As for [`Channel::communicate`].
pub(crate) unsafe fn communicate(
    channel: &Channel,
    link: ChannelLink,
    context: &Context,
    kind: Kind,
    place: *mut u8,
    patience: Patience,
    at: &'static Location<'static>,
) -> Result<Option<FrameGuard>, Refusal> {
    // While the channel is on its way, the frame is prepared.
    super::home::fetch_to_change(link.as_ptr().cast());
    may_communicate(context, at)?;
    let frame = FrameGuard::new(1, false, hosted(context));
    let seat = frame.sit(0, kind, link);
    let parcel = seat.entry.place;
    if kind == Kind::Send {
        // SAFETY: by the caller.
        let packed = match unsafe { link.codec.begin(place, parcel) } {
            Some(filling) => {
                // SAFETY: the parcel is ours, and stands for the message.
                let met = unsafe { link.core.send_to_plain_receiver(parcel) };
                // SAFETY: it is the message that it was begun for.
                unsafe { link.codec.fill(filling, place) };
                if met {
                    context.forgive();
                    return Ok(None);
                }
                Ok(())
            }
            // SAFETY: by the caller.
            None => unsafe { link.codec.pack(place, parcel, Purpose::Message) },
        };
        match packed {
            Ok(()) => {}
            Err(Unpacked::TooLarge(bytes)) => return Err(Refusal::TooLarge { bytes, most: arena().largest() }),
            Err(Unpacked::Full) => {
                // SAFETY: passed on.
                return unsafe { send_late(channel, link, context, place, patience, at) }.map(|()| None);
            }
        }
    }
    let waits = !matches!(patience, Patience::Never);
    // SAFETY: all paths below leave only when the entry is in no queue and the offer complete, or nobody saw it.
    let arrival = unsafe { link.core.arrive_alone(kind, parcel, waits, || &raw const seat.entry) };
    let operation = Plain { channel, offer: frame.offer(), kind, at };
    let outcome = match arrival {
        Arrival::Met => Ok(Outcome::Met),
        Arrival::Ended(outcome) => Ok(outcome),
        Arrival::NotReady => Err(Refusal::NotReady),
        Arrival::Waiting | Arrival::Paired | Arrival::Decided => {
            let until = match patience {
                Patience::Until(until) if arrival == Arrival::Waiting => Some(until),
                _ => None,
            };
            if wait(context, frame.offer(), &operation, until) {
                Ok(outcome_of(frame.offer()))
            } else if link.core.leave(&seat.entry) {
                Err(Refusal::TimedOut)
            } else {
                // A partner took us in the last moment, and is about to complete us.
                wait(context, frame.offer(), &operation, None);
                Ok(outcome_of(frame.offer()))
            }
        }
    };
    let refusal = match outcome {
        Ok(Outcome::Met) => {
            context.forgive();
            match kind {
                Kind::ReceiveExtended => return Ok(Some(frame)),
                Kind::Send | Kind::SendLater => return Ok(None),
                // SAFETY: the message is in our parcel.
                Kind::Receive if unsafe { link.codec.receive(parcel, place) } => return Ok(None),
                Kind::Receive => {}
            }
            // The sender died before its message was whole: as if it had not come.
            // SAFETY: passed on; nothing is at `place`.
            return unsafe { communicate(channel, link, context, kind, place, patience, at) };
        }
        Ok(outcome) => Refusal::Stopped(channel.stopped(outcome, context)),
        Err(refusal) => refusal,
    };
    if kind == Kind::Send {
        // SAFETY: it was packed above, and has not moved.
        unsafe { link.codec.unpack(parcel, place) };
    }
    Err(refusal)
}

fn outcome_of(offer: &Offer) -> Outcome {
    offer.decision.result().map_or(Outcome::Met, |(_, outcome)| outcome)
}

/// What an extended input or an output guard that was chosen keeps. A message that was received goes to `place`, unless it can be looked at
/// where it is.
///
/// # Safety
/// The entry in this seat has met its partner, and `place` has room for a message if it received one.
pub(crate) unsafe fn keep(frame: FrameGuard, seat: usize, link: ChannelLink, place: *mut u8) -> Paired {
    let entry = &frame.seat(seat).entry;
    // SAFETY: the entry is in no queue, and its offer complete or unseen.
    let (partner, place_kept) = unsafe { entry.paired_with() };
    let mut kept = Kept { frame, seat, link, partner, place_kept, message: None };
    if entry.kind == Kind::ReceiveExtended {
        if place_kept {
            // Whoever keeps a place may outlive the end it was got by.
            link.add_end(Side::Receivers);
        }
        let parcel = match partner {
            // SAFETY: the partner waits until we complete it.
            Some(partner) => unsafe { Shared::entry(partner) }.place,
            None => entry.place,
        };
        // SAFETY: the sender, or the buffer, has given the message to us.
        unsafe { link.codec.adopt(parcel) };
        if link.codec.may_stay() {
            kept.message = Some(parcel);
        } else {
            // SAFETY: it is there.
            let unpack = || unsafe { link.codec.unpack(parcel, place) };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(unpack)) {
                // An end in it finds no room here. Its sender has done its part.
                kept.release();
                resume_unwind(panic);
            }
        }
    }
    Paired::of_shared(kept)
}

/// The frame of a partner that waits.
fn frame_of(partner: <Shared as Home>::Link) -> NonNull<Frame> {
    // SAFETY: the partner waits until we complete it.
    Shared::wake(unsafe { Shared::entry(partner) }.offer())
}

impl Kept {
    /// Where the message of an extended input is to be taken from, once; perhaps it comes to `slot` for that.
    ///
    /// # Safety
    /// It was to be received into `slot`, and is neither taken nor looked at.
    pub(crate) unsafe fn take(&mut self, slot: *mut u8) -> *mut u8 {
        let Some(parcel) = self.message else { return slot };
        // SAFETY: there it is.
        if let Some(there) = unsafe { self.link.codec.in_place(parcel) } {
            return there;
        }
        self.message = None;
        // SAFETY: as above.
        unsafe { self.link.codec.unpack(parcel, slot) };
        slot
    }

    /// Where the message of an extended input is to be looked at, and whether it is to be dropped there.
    ///
    /// # Safety
    /// As for [`take`](Self::take).
    pub(crate) unsafe fn look(&mut self, slot: *mut u8) -> (*mut u8, bool) {
        // SAFETY: there it is; it stays until we are released.
        if self.message.is_some_and(|parcel| unsafe { self.link.codec.view(parcel, slot) }) {
            return (slot, false);
        }
        // SAFETY: by the caller.
        let there = unsafe { self.take(slot) };
        (there, self.message.is_none())
    }

    /// An extended input is over.
    pub(crate) fn release(self) {
        if let Some(parcel) = self.message {
            // SAFETY: the message was looked at, and is ours; in what may be looked at, nothing moves along.
            unsafe { self.link.codec.discard(parcel) };
        }
        if let Some(partner) = self.partner {
            let frame = frame_of(partner);
            // SAFETY: paired with us, and completed by nobody else.
            unsafe { dismiss::<Shared>(partner, Outcome::Met) };
            self.part_from(frame);
        }
        if self.place_kept {
            self.link.core.release_kept_place(Some(&self.frame.seat(self.seat).entry));
            self.link.drop_end(Side::Receivers);
        }
    }

    /// A chosen output guard's message, at `place`, is made. What is left at `place` is to be forgotten if this is true.
    ///
    /// # Errors
    /// The length of a message that is too large: it is still at `place`.
    ///
    /// # Panics
    /// If the message holds an end that cannot move: it is gone.
    ///
    /// # Safety
    /// There is a message of the channel's type.
    pub(crate) unsafe fn deliver(
        self,
        channel: &Channel,
        context: &Context,
        place: *mut u8,
        at: &'static Location<'static>,
    ) -> Result<bool, usize> {
        let frame = FrameGuard::new(1, false, hosted(context));
        let seat = frame.sit(0, Kind::Send, self.link);
        // SAFETY: by the caller.
        let pack = || unsafe { pack_for_certain(self.link, context, place, seat.entry.place) };
        let packed = catch_unwind(AssertUnwindSafe(pack));
        if !matches!(packed, Ok(Ok(()))) {
            // The partner has been promised a message.
            channel.poison(Side::Senders, Cause::new(CauseKind::Abandoned, context.name()));
            self.abandon();
            return packed.unwrap_or_else(|panic| resume_unwind(panic)).map(|()| true);
        }
        let follower = self.partner.map(frame_of);
        let arrival = match self.partner {
            // SAFETY: paired by the choice, and completed by us alone; the entry stays until the wait below is over.
            Some(partner) => unsafe { deliver::<Shared>(&seat.entry, partner, self.link.core.message_size()) },
            // SAFETY: the choice kept a place; the entry stays until the wait below is over.
            None => unsafe { self.link.core.use_kept_place(&seat.entry, Some(&self.frame.seat(self.seat).entry)) },
        };
        if let Some(frame) = follower {
            if arrival == Arrival::Paired && recover::is_left_behind(frame) {
                // It will never let us go.
                recover::part_from_the_dead();
            }
            self.part_from(frame);
        }
        match arrival {
            Arrival::Paired => {
                let operation = Plain { channel, offer: frame.offer(), kind: Kind::Send, at };
                wait(context, frame.offer(), &operation, None);
                Ok(true)
            }
            Arrival::Ended(_) => {
                // SAFETY: it was packed above, and has not moved.
                unsafe { self.link.codec.unpack(seat.entry.place, place) };
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// A chosen output guard's expression left without a message.
    pub(crate) fn abandon(self) {
        match self.partner {
            Some(partner) => {
                let frame = frame_of(partner);
                // SAFETY: paired by the choice, and completed by us alone.
                unsafe { dismiss::<Shared>(partner, Outcome::Poisoned) };
                self.part_from(frame);
            }
            None => self.link.core.release_kept_place(Some(&self.frame.seat(self.seat).entry)),
        }
    }

    /// The partner is complete: we lead it no more.
    fn part_from(&self, follower: NonNull<Frame>) {
        self.frame.seat(self.seat).entry.forget_partner();
        if recover::is_left_behind(follower) {
            recover::part_from_the_dead();
        }
    }
}

/// The arena is full: the sender offers first, and writes its message when its receiver is certain, so that those who could make
/// room are not held up by messages that nobody takes.
///
/// # Safety
/// As for `communicate`, of a `Send`.
unsafe fn send_late(
    channel: &Channel,
    link: ChannelLink,
    context: &Context,
    place: *mut u8,
    patience: Patience,
    at: &'static Location<'static>,
) -> Result<(), Refusal> {
    let frame = FrameGuard::new(1, false, hosted(context));
    let seat = frame.sit(0, Kind::SendLater, link);
    let wait_here = !matches!(patience, Patience::Never);
    let manner = Manner { published: false, wait: wait_here };
    // SAFETY: all paths below leave only when the entry is in no queue and the offer complete, or nobody saw it.
    let arrival = unsafe { link.core.arrive(&seat.entry, manner) };
    let operation = Plain { channel, offer: frame.offer(), kind: Kind::Send, at };
    let outcome = match arrival {
        Arrival::Met => Outcome::Met,
        Arrival::Ended(outcome) => outcome,
        Arrival::NotReady => return Err(Refusal::NotReady),
        _ => {
            let until = match patience {
                Patience::Until(until) if arrival == Arrival::Waiting => Some(until),
                _ => None,
            };
            if !wait(context, frame.offer(), &operation, until) {
                if link.core.leave(&seat.entry) {
                    return Err(Refusal::TimedOut);
                }
                wait(context, frame.offer(), &operation, None);
            }
            outcome_of(frame.offer())
        }
    };
    if outcome != Outcome::Met {
        return Err(Refusal::Stopped(channel.stopped(outcome, context)));
    }
    // SAFETY: the entry is ours alone by now.
    let (partner, place_kept) = unsafe { seat.entry.paired_with() };
    let kept = Kept { frame, seat: 0, link, partner, place_kept, message: None };
    // SAFETY: by the caller.
    match unsafe { kept.deliver(channel, context, place, at) } {
        Ok(true) => {
            context.forgive();
            return Ok(());
        }
        Ok(false) => {}
        Err(bytes) => return Err(Refusal::TooLarge { bytes, most: arena().largest() }),
    }
    Err(Refusal::Stopped(channel.stopped(channel.ended_for_senders().unwrap_or(Outcome::Retired), context)))
}

/// Packs a message whose receiver is certain: it may use all of the arena, and waits for room if even that is full.
///
/// # Safety
/// As for [`Codec::pack`](super::message::Codec::pack). An error is the length of a message that is too large.
unsafe fn pack_for_certain(
    link: ChannelLink,
    context: &Context,
    place: *mut u8,
    parcel: *mut Parcel,
) -> Result<(), usize> {
    let mut attempt = 0;
    loop {
        // SAFETY: by the caller.
        match unsafe { link.codec.pack(place, parcel, Purpose::Certain) } {
            Ok(()) => return Ok(()),
            Err(Unpacked::TooLarge(bytes)) => return Err(bytes),
            Err(Unpacked::Full) if context.is_hosted() => crate::backend::yield_now(),
            Err(Unpacked::Full) => crate::sync::pause(attempt),
        }
        attempt += 1;
    }
}

/// What to say about a message that is too large.
pub(crate) fn too_large(bytes: usize) -> String {
    Refusal::TooLarge { bytes, most: arena().largest() }.to_string()
}

/// Waits until there is news of `offer`, which is in the arena (true), or `until` has passed.
pub(crate) fn wait(context: &Context, offer: &Offer, operation: &dyn Operation, until: Option<Instant>) -> bool {
    if let Some(parker) = hosted(context) {
        super::bell::wait(context, offer, parker, operation, until);
        return offer.decision.is_news();
    }
    let parker = offer.parker();
    let mut attempt = 0;
    while !offer.decision.is_news() {
        let late = attempt % 16 == 15 && until.is_some_and(|until| crate::sync::now() >= until);
        if late || !parker.spin(attempt) {
            break;
        }
        attempt += 1;
    }
    if offer.decision.is_news() {
        return true;
    }
    context.block_on(operation, until.is_some());
    if until.is_none() {
        // SAFETY: all offers that wait here are in frames.
        let frame = unsafe { super::frame::Frame::around(offer) };
        frame.set_waiting(operation.at());
        let hope = crate::deadlock::suspend_for_others(context, &offer.decision);
        sleep(&offer.decision, parker, until, hope);
        crate::deadlock::resume_from_others(context);
        frame.set_waiting(None);
    } else {
        sleep(&offer.decision, parker, until, Hope::Ours);
    }
    context.unblock();
    offer.decision.is_news()
}

/// Sleeps on the word of `decision`; who sleeps without a deadline does not count as awake.
fn sleep(decision: &Decision, parker: &dyn Park, until: Option<Instant>, hope: Hope) {
    let counted = until.is_none();
    if !decision.prepare_to_park(counted) {
        return;
    }
    if counted {
        census::fall_asleep();
    }
    if hope.is_of_strangers() {
        crate::deadlock::be_patient(parker, || decision.is_news());
    }
    while !decision.is_news() {
        if until.is_some_and(|until| crate::sync::now() >= until) {
            return;
        }
        parker.park(until);
    }
}
