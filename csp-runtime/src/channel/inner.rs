//! A channel as its ends see it: the protocol's core, the counts of ends, and what reports say about it.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::paired::Paired;
use super::plain::{Plain, may_communicate};
use super::rare::Rare;
use crate::deadlock::channel_phrase;
use crate::error::{Cause, CauseKind, Refusal, Stopped};
use crate::process::context::Context;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::process::here::Here;
use crate::process::here::running;
use crate::rendezvous::core::{Core, Side};
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::local::{self, Local};
use crate::rendezvous::meet::Arrival;
use crate::rendezvous::offer::{Entry, Kind, Offer};
use crate::rendezvous::wait::wait;
#[cfg(feature = "backend-processes")]
use crate::shared::{channel::ChannelLink, operation};
use crate::sync::mutant;

/// A channel, shared by its ends; of which message type, only they know. (The core first, which says why.)
#[repr(C)]
pub(crate) struct Channel {
    pub(crate) core: Core<Local>,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    /// Its name, the first poison's cause, which is set before the core's flag, and whether choices must look at it.
    rare: Rare,
    made_at: &'static Location<'static>,
    /// How its messages cross to another OS process; none of `channel::local`.
    #[cfg_attr(not(feature = "backend-processes"), allow(dead_code))]
    codec: Codec,
    /// If it lives in the arena, or has moved there.
    #[cfg(feature = "backend-processes")]
    pub(super) shared: super::moved::Place,
}

/// How messages of a type cross to another OS process, if they do.
#[cfg(feature = "backend-processes")]
pub(super) type Codec = Option<&'static crate::shared::message::Codec>;
/// Nothing crosses.
#[cfg(not(feature = "backend-processes"))]
#[derive(Clone, Copy)]
pub(super) struct Codec;

#[cfg(feature = "backend-processes")]
pub(super) fn codec<T: crate::message::Message>() -> Codec {
    Some(crate::shared::message::Of::<T>::CODEC)
}

#[cfg(not(feature = "backend-processes"))]
#[allow(clippy::extra_unused_type_parameters, reason = "as where it is used")]
pub(super) fn codec<T: crate::message::Message>() -> Codec {
    Codec
}

/// Of messages that stay in this process.
#[cfg(feature = "backend-processes")]
pub(super) fn no_codec() -> Codec {
    None
}

#[cfg(not(feature = "backend-processes"))]
pub(super) fn no_codec() -> Codec {
    Codec
}

/// Instead of a number of ends: the channel is moving to the arena, where they are counted from now on.
#[cfg(feature = "backend-processes")]
pub(super) const ENDS_MOVED: usize = usize::MAX / 4;

/// How long an operation is willing to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all.
    Never,
    /// Until then.
    Until(Instant),
    /// As long as it takes.
    Forever,
}

impl Channel {
    pub(super) fn new<T: Send>(capacity: usize, codec: Codec, made_at: &'static Location<'static>) -> Arc<Self> {
        let buffer = (capacity > 0).then(|| (local::messages::<T>(), capacity));
        #[allow(clippy::arc_with_non_send_sync, reason = "the ends are Send and Sync where their messages are Send")]
        let this = Arc::new(Self {
            core: Core::new(size_of::<T>(), buffer),
            senders: AtomicUsize::new(0),
            receivers: AtomicUsize::new(0),
            rare: Rare::default(),
            made_at,
            codec,
            #[cfg(feature = "backend-processes")]
            shared: super::moved::Place::of_new(capacity, codec, made_at),
        });
        #[cfg(feature = "backend-processes")]
        if this.link().is_some() {
            this.mark_as_odd();
        }
        this
    }

    fn ends_of(&self, side: Side) -> &AtomicUsize {
        match side {
            Side::Senders => &self.senders,
            Side::Receivers => &self.receivers,
        }
    }

    #[cfg(feature = "backend-processes")]
    pub(super) fn counts(&self) -> [&AtomicUsize; 2] {
        [&self.senders, &self.receivers]
    }

    #[cfg(feature = "backend-processes")]
    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    #[cfg(feature = "backend-processes")]
    pub(super) fn name(&self) -> Option<&str> {
        self.rare.name()
    }

    #[cfg(feature = "backend-processes")]
    pub(super) fn made_at(&self) -> &'static Location<'static> {
        self.made_at
    }

    /// What this process knows of a channel in the arena.
    #[cfg(feature = "backend-processes")]
    pub(super) fn of_link(link: crate::shared::channel::ChannelLink) -> Arc<Self> {
        #[allow(clippy::arc_with_non_send_sync, reason = "as in `new`")]
        let this = Arc::new(Self {
            core: Core::new(0, None),
            senders: AtomicUsize::new(0),
            receivers: AtomicUsize::new(0),
            rare: Rare::default(),
            made_at: link.made_at(),
            codec: Some(link.codec),
            shared: super::moved::Place::of_link(link),
        });
        this.mark_as_odd();
        this
    }

    pub(crate) fn add_end(&self, side: Side) {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            return link.add_end(side);
        }
        let _before = self.ends_of(side).fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "backend-processes")]
        if _before >= ENDS_MOVED {
            self.link_soon().add_end(side);
        }
    }

    /// One end is gone: the last one of its side retires the channel.
    pub(crate) fn drop_end(self: &Arc<Self>, side: Side) {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            return link.drop_end(side);
        }
        // SYNC ends: with itself: what other ends of this side did happened before the retirement.
        match self.ends_of(side).fetch_sub(1, Ordering::AcqRel) {
            1 => self.retire(side),
            #[cfg(feature = "backend-processes")]
            moved if moved >= ENDS_MOVED => self.link_soon().drop_end(side),
            _ => {}
        }
    }

    fn retire(self: &Arc<Self>, side: Side) {
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        if side == Side::Senders {
            // One reference for the leases, the last of which drops it: see `Lease`.
            return self.core.retire_or_leave(|| std::mem::forget(self.clone()));
        }
        self.core.retire(side);
    }

    pub(crate) fn poison(&self, by: Side, cause: Cause) {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            return link.poison(by, &cause);
        }
        self.rare.set_cause(cause);
        // Before the poison: whoever is woken by it is to know.
        if mutant("oddity_too_late") {
            self.core.poison(by);
            return self.mark_as_odd();
        }
        self.mark_as_odd();
        self.core.poison(by);
    }

    /// From now on choices must look at it: it is poisoned, or in the arena.
    pub(super) fn mark_as_odd(&self) {
        self.rare.mark_as_odd();
    }

    #[cfg(all(test, loom))]
    pub(crate) fn is_odd(&self) -> bool {
        self.rare.is_odd()
    }

    pub(crate) fn cause(&self) -> Cause {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            return link.cause();
        }
        if self.rare.cause().is_none() {
            // We saw the flag without the lock; the cause was set before it, by somebody who had it.
            let _ = self.core.over_for_receivers();
        }
        self.rare.cause().cloned().unwrap_or_else(|| Cause::new(CauseKind::Explicit, ""))
    }

    pub(super) fn set_name(&self, name: &str) {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            link.set_name(name);
        }
        self.rare.set_name(name);
    }

    pub(crate) fn phrase(&self) -> String {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            return link.phrase();
        }
        channel_phrase(self.rare.name(), self.made_at)
    }

    /// Tells the process how its operation ended, and the caller what to return.
    #[cold]
    pub(crate) fn stopped(&self, outcome: Outcome, context: &Context) -> Stopped {
        if outcome != Outcome::Poisoned {
            return Stopped::Retired;
        }
        let cause = self.cause();
        if cause.kind() == CauseKind::Deadlock {
            // Whoever was awake sees it while others' operations have yet to end: what it does now is not to look like a retirement to them.
            crate::deadlock::wait_until_all_have_ended();
        }
        context.panic_if_deadlocked();
        context.note_poison(&cause);
        Stopped::Poisoned(cause)
    }

    /// One plain operation without a deadline: meets a partner, or waits for one. `size` is that of a message of this channel.
    ///
    /// Inlined, down from `send` and `recv`, into the body of the process: every return from a call that was made before a
    /// switch of coroutines is one that the processor predicts wrongly, and the switch's own return after it. (It halved the time of a hop.)
    /// Not in a debug build, where each inlined call would keep copies of its message in the frame of the process.
    ///
    /// # Safety
    /// As for [`communicate`](Self::communicate); `kind` is `Send` or `Receive`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) unsafe fn communicate_patiently(
        &self,
        kind: Kind,
        place: *mut u8,
        size: usize,
        at: &'static Location<'static>,
    ) -> Result<(), Refusal> {
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        {
            let here = Here::this();
            if !std::thread::panicking() {
                // SAFETY: passed on.
                match unsafe { self.communicate_nearby(here, kind, place, size, at) } {
                    Some(Outcome::Met) => return Ok(()),
                    // SAFETY: as in `communicate`; if it waited, it is somebody.
                    Some(outcome) => return Err(Refusal::Stopped(self.stopped(outcome, unsafe { here.context() }))),
                    None => {}
                }
            }
        }
        let _ = size;
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        if let Some(hatch) = self.core.hatch() {
            // SAFETY: passed on.
            return unsafe { self.communicate_across(hatch, kind, place, at) };
        }
        // SAFETY: passed on.
        unsafe { self.communicate_far(kind, place, at) }
    }

    /// [`communicate_patiently`](Self::communicate_patiently), the long way: a call, so that its result is in nobody's way who goes the short one.
    ///
    /// # Safety
    /// As there.
    #[inline(never)]
    pub(super) unsafe fn communicate_far(
        &self,
        kind: Kind,
        place: *mut u8,
        at: &'static Location<'static>,
    ) -> Result<(), Refusal> {
        // SAFETY: as in `communicate`.
        let context = unsafe { running() };
        // A plain operation leaves nothing to be ended.
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link_for(kind) {
            // Straight there: to hand an empty `Paired` up takes longer than to look for one.
            // SAFETY: passed on.
            return unsafe { operation::communicate(self, link, context, kind, place, Patience::Forever, at) }
                .map(drop);
        }
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        if context.is_hosted() && self.core.gets_hatch() {
            // SAFETY: passed on.
            return unsafe { self.communicate_patiently(kind, place, self.core.size(), at) };
        }
        // SAFETY: passed on.
        unsafe { self.communicate_as(context, kind, place, Patience::Forever, at) }.map(drop)
    }

    /// One operation of the running process.
    ///
    /// # Safety
    /// `place` is what `kind` says, for this channel's message type, until this returns. On `Ok`, a message that was to
    /// be sent has moved away; a message received lies at `place`, or still at the sender's, if there is one to release.
    pub(crate) unsafe fn communicate(
        &self,
        kind: Kind,
        place: *mut u8,
        patience: Patience,
        at: &'static Location<'static>,
    ) -> Result<Paired, Refusal> {
        // SAFETY: the running process is the caller, and the operation keeps no reference.
        let context = unsafe { running() };
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link_for(kind) {
            // SAFETY: passed on.
            return unsafe { self.communicate_in_arena(link, context, kind, place, patience, at) };
        }
        // SAFETY: passed on.
        unsafe { self.communicate_as(context, kind, place, patience, at) }
    }

    /// [`communicate`](Self::communicate) on a channel that has just moved to the arena.
    ///
    /// # Safety
    /// As for `communicate`.
    #[cfg(feature = "backend-processes")]
    #[cold]
    unsafe fn communicate_there(
        &self,
        context: &Context,
        kind: Kind,
        place: *mut u8,
        patience: Patience,
        at: &'static Location<'static>,
    ) -> Result<Paired, Refusal> {
        self.link_soon();
        let Some(link) = self.link_for(kind) else { return Err(Refusal::NotReady) };
        // SAFETY: passed on.
        unsafe { self.communicate_in_arena(link, context, kind, place, patience, at) }
    }

    /// [`communicate`](Self::communicate) on a channel in the arena.
    ///
    /// # Safety
    /// As for `communicate`.
    #[cfg(feature = "backend-processes")]
    unsafe fn communicate_in_arena(
        &self,
        link: ChannelLink,
        context: &Context,
        kind: Kind,
        place: *mut u8,
        patience: Patience,
        at: &'static Location<'static>,
    ) -> Result<Paired, Refusal> {
        // SAFETY: passed on.
        let frame = unsafe { operation::communicate(self, link, context, kind, place, patience, at) }?;
        Ok(frame.map_or_else(Paired::default, |frame| {
            // SAFETY: an extended input has met its sender in this frame.
            unsafe { operation::keep(frame, 0, link, place) }
        }))
    }

    /// How the channel has ended for senders, if it has.
    pub(crate) fn ended_for_senders(&self) -> Option<Outcome> {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            return link.core.ended_for_senders();
        }
        self.core.ended_for_senders()
    }

    /// How the channel has ended for a receiver that looks now, if it has.
    pub(crate) fn over_for_receivers(&self) -> Option<Outcome> {
        #[cfg(feature = "backend-processes")]
        if let Some(link) = self.link() {
            return link.core.over_for_receivers();
        }
        self.core.over_for_receivers()
    }

    /// [`communicate`](Self::communicate), by the process of `context`.
    ///
    /// # Safety
    /// As for `communicate`.
    #[inline(never)]
    pub(crate) unsafe fn communicate_as(
        &self,
        context: &Context,
        kind: Kind,
        place: *mut u8,
        patience: Patience,
        at: &'static Location<'static>,
    ) -> Result<Paired, Refusal> {
        may_communicate(context, at)?;
        let (mut offer, mut entry) = (None, None);
        let announce = || {
            let offer = offer.insert(Offer::plain(context.parker(), context.is_hosted()));
            &raw const *entry.insert(Entry::new(offer, 0, kind, place))
        };
        let wait_here = !matches!(patience, Patience::Never);
        // SAFETY: all paths below leave only when the entry is in no queue and the offer complete, or nobody saw it.
        let arrival = unsafe { self.core.arrive_alone(kind, place, wait_here, announce) };
        let (Some(offer), Some(entry)) = (&offer, &entry) else {
            context.forgive();
            return Ok(Paired::default());
        };
        let outcome = match arrival {
            Arrival::Met => Outcome::Met,
            Arrival::Ended(outcome) => outcome,
            Arrival::NotReady => return Err(Refusal::NotReady),
            Arrival::Waiting | Arrival::Paired | Arrival::Decided => {
                let operation = Plain { channel: self, offer, kind, at };
                let until = match patience {
                    Patience::Until(until) if arrival == Arrival::Waiting => Some(until),
                    _ => None,
                };
                if !wait(context, &offer.decision, &operation, until) {
                    if self.core.leave(entry) {
                        return Err(Refusal::TimedOut);
                    }
                    // A partner took us in the last moment, and is about to complete us.
                    wait(context, &offer.decision, &operation, None);
                }
                offer.decision.result().map_or(Outcome::Met, |(_, outcome)| outcome)
            }
        };
        if outcome != Outcome::Met {
            #[cfg(feature = "backend-processes")]
            if outcome == Outcome::Again {
                // SAFETY: passed on; nothing has moved yet.
                return unsafe { self.communicate_there(context, kind, place, patience, at) };
            }
            return Err(Refusal::Stopped(self.stopped(outcome, context)));
        }
        context.forgive();
        // SAFETY: see above: the entry is ours alone by now.
        Ok(Paired::of_local(unsafe { entry.paired_with() }))
    }
}
