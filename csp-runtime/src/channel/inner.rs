//! A channel as its ends see it: the protocol's core, the counts of ends, and what reports say about it.

use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::deadlock::{Operation, channel_phrase};
use crate::error::{Cause, CauseKind, Refusal, Stopped};
use crate::process::context::{Context, running};
use crate::rendezvous::core::{Core, Side};
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::home::Home;
use crate::rendezvous::local::{self, Local};
use crate::rendezvous::meet::Arrival;
use crate::rendezvous::offer::{Entry, Kind, Offer};
use crate::rendezvous::wait::wait;

/// A channel, shared by its ends; of which message type, only they know.
pub(crate) struct Channel {
    pub(crate) core: Core<Local>,
    senders: AtomicUsize,
    receivers: AtomicUsize,
    /// The first poison. Set before the core's flag.
    cause: OnceLock<Cause>,
    name: OnceLock<Box<str>>,
    made_at: &'static Location<'static>,
    /// Made by `channel::local`: refused at a fork.
    #[allow(dead_code, reason = "the processes backend will ask")]
    local: bool,
}

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

/// What an extended input left to be released: the sender, or a place in the buffer.
pub(crate) type Paired = (Option<<Local as Home>::Link>, bool);

impl Channel {
    pub(super) fn new<T: Send>(capacity: usize, local: bool, made_at: &'static Location<'static>) -> Arc<Self> {
        let buffer = (capacity > 0).then(|| (local::messages::<T>(), capacity));
        #[allow(clippy::arc_with_non_send_sync, reason = "the ends are Send and Sync where their messages are Send")]
        Arc::new(Self {
            core: Core::new(size_of::<T>(), buffer),
            senders: AtomicUsize::new(0),
            receivers: AtomicUsize::new(0),
            cause: OnceLock::new(),
            name: OnceLock::new(),
            made_at,
            local,
        })
    }

    fn ends_of(&self, side: Side) -> &AtomicUsize {
        match side {
            Side::Senders => &self.senders,
            Side::Receivers => &self.receivers,
        }
    }

    pub(crate) fn add_end(&self, side: Side) {
        self.ends_of(side).fetch_add(1, Ordering::Relaxed);
    }

    /// One end is gone: the last one of its side retires the channel.
    pub(crate) fn drop_end(&self, side: Side) {
        // SYNC ends: with itself: what other ends of this side did happened before the retirement.
        if self.ends_of(side).fetch_sub(1, Ordering::AcqRel) == 1 {
            self.core.retire(side);
        }
    }

    pub(crate) fn poison(&self, by: Side, cause: Cause) {
        let _ = self.cause.set(cause);
        self.core.poison(by);
    }

    pub(crate) fn cause(&self) -> Cause {
        if self.cause.get().is_none() {
            // We saw the flag without the lock; the cause was set before it, by somebody who had it.
            let _ = self.core.over_for_receivers();
        }
        self.cause.get().cloned().unwrap_or_else(|| Cause::new(CauseKind::Explicit, ""))
    }

    pub(super) fn set_name(&self, name: &str) {
        let _ = self.name.set(name.into());
    }

    pub(crate) fn phrase(&self) -> String {
        channel_phrase(self.name.get().map(|name| &**name), self.made_at)
    }

    /// Tells the process how its operation ended, and the caller what to return.
    #[cold]
    pub(crate) fn stopped(&self, outcome: Outcome, context: &Context) -> Stopped {
        if outcome != Outcome::Poisoned {
            return Stopped::Retired;
        }
        context.panic_if_deadlocked();
        let cause = self.cause();
        context.note_poison(&cause);
        Stopped::Poisoned(cause)
    }

    /// One plain operation: meets a partner, or waits for one. `size` is that of a message of this channel.
    ///
    /// Inlined, down from `send` and `recv`, into the body of the process: every return from a call that was made before a
    /// switch of coroutines is one that the processor predicts wrongly, and the switch's own return after it. (It halved the time of a hop.)
    /// Not in a debug build, where each inlined call would keep copies of its message in the frame of the process.
    ///
    /// # Safety
    /// `place` is what `kind` says, for this channel's message type, until this returns. On `Ok`, a message that was to
    /// be sent has moved away; a message received lies at `place`, or still at the sender's, if there is one to release.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) unsafe fn communicate(
        &self,
        kind: Kind,
        place: *mut u8,
        size: usize,
        patience: Patience,
        at: &'static Location<'static>,
    ) -> Result<Paired, Refusal> {
        // SAFETY: the running process is the caller, and the operation keeps no reference.
        let context = unsafe { running() };
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        if matches!((patience, kind), (Patience::Forever, Kind::Send | Kind::Receive))
            && context.goes_the_short_way()
            && !std::thread::panicking()
        {
            // SAFETY: passed on.
            match unsafe { self.communicate_nearby(context, kind, place, size, at) } {
                Some(Outcome::Met) => return Ok((None, false)),
                Some(outcome) => return Err(Refusal::Stopped(self.stopped(outcome, context))),
                None => {}
            }
        }
        let _ = size;
        // SAFETY: passed on.
        unsafe { self.communicate_as(context, kind, place, patience, at) }
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
            return Ok((None, false));
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
            return Err(Refusal::Stopped(self.stopped(outcome, context)));
        }
        context.forgive();
        // SAFETY: see above: the entry is ours alone by now.
        Ok(unsafe { entry.paired_with() })
    }
}

/// Refuses operations in a `Drop` while unwinding, and in the expression of an output guard.
///
/// # Panics
/// In an output guard's expression.
#[inline]
pub(crate) fn may_communicate(context: &Context, at: &Location<'_>) -> Result<(), Stopped> {
    if std::thread::panicking() {
        return Err(Stopped::Poisoned(Cause::new(CauseKind::Unwinding, context.name())));
    }
    assert!(
        !context.is_committing(),
        "{at}: the expression of an output guard may not communicate, because its partner is waiting for the value; \
         compute the value before the `alt!`, or communicate in the branch's body"
    );
    Ok(())
}

/// A plain operation that waits, for the deadlock report.
pub(crate) struct Plain<'a> {
    pub(crate) channel: &'a Channel,
    pub(crate) offer: &'a Offer,
    pub(crate) kind: Kind,
    pub(crate) at: &'static Location<'static>,
}

impl Operation for Plain<'_> {
    fn is_pending(&self) -> bool {
        self.offer.decision.is_pending()
    }

    fn describe(&self, report: &mut dyn std::fmt::Write) -> std::fmt::Result {
        let direction = if self.kind.is_sending() { "to send to" } else { "to receive from" };
        write!(report, "waits {direction} {}, at {}", self.channel.phrase(), self.at)
    }

    fn end(&self, cause: &Cause) {
        self.channel.poison(Side::Senders, cause.clone());
    }
}
