//! A choice between coroutines of one worker that finds a partner waiting: no offer at all, and as a rule a look at one channel.

use std::panic::Location;

use super::choose::{Chosen, Order};
use super::commit::Hold;
use super::courtesy::{self, Next};
use super::gathered::Gathered;
use super::guard::Communication;
use crate::backend;
use crate::channel::{Lease, all_are_plain};
use crate::error::Stopped;
use crate::process::here::{Here, running};
use crate::rendezvous::neighbours::{Found, Glance, Own};
use crate::rendezvous::offer::Kind;

/// The choice, which takes a look first where that can tell.
///
/// Inlined into the body of the process, as far as it goes if there is somebody, and for the sake of the switch in it: see `Channel::communicate`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn choose(
    order: Order,
    guards: Gathered<'_, '_>,
    at: &'static Location<'static>,
) -> Result<Chosen, Stopped> {
    let is_plain = guards.plain && !std::thread::panicking();
    if is_plain {
        let here = Here::this();
        if let Some(chosen) = take_the_oldest(here, order, guards, guards.oldest(here.clock().get())) {
            return Ok(chosen);
        }
    }
    // SAFETY: the running process is the caller, and the reference is not kept.
    let context = unsafe { running() };
    if !is_plain || !context.worker().owns_locks() {
        return guards.choose_as(context, order, at, false);
    }
    if !(order == Order::Fair && context.courtesy.is_sure())
        && let Next::Done(result) = courtesy::look_at_all(context, order, guards, at)
    {
        return result;
    }
    backend::let_ready_coroutines_run(context);
    courtesy::go_on(context, order, guards, at)
}

/// What came of a look at all guards.
pub(super) enum Seen {
    /// This guard is committed, the one that the long way would have taken.
    Took(Chosen),
    /// None is ready.
    Nobody,
    /// It is not so simple; nothing was changed.
    Other,
}

/// Commits the guard whose end was chosen longest ago, if it is ready, and all is simple: all guards are plain inputs and outputs, on channels
/// without a buffer that only this worker has used, and of each end it can be told when it was chosen: see [`Gathered::oldest`].
#[inline(always)]
pub(super) fn take_the_oldest(
    here: Here,
    order: Order,
    guards: Gathered<'_, '_>,
    oldest: Option<usize>,
) -> Option<Chosen> {
    // Whether the others are ready too makes no difference, and none of them can be poisoned.
    if order != Order::Fair || !all_are_plain() {
        return None;
    }
    let (communication, chosen) = guards.communication(oldest?)?;
    take(here, communication).then_some(chosen)
}

/// The same of any guard: looks at the channels of all, of which [`Gathered::oldest`] can tell something.
pub(super) fn take_any(here: Here, order: Order, guards: Gathered<'_, '_>) -> Seen {
    let me = here.worker();
    let (mut first, mut earliest) = (None, u64::MAX);
    let (mut open, mut index) = (false, 0);
    for (ends, kind) in guards.communications() {
        for end in ends {
            match end.channel.core.glance(kind, me) {
                Glance::Somebody => {
                    let moment = end.stamp.moment();
                    if first.is_none() || order == Order::Fair && moment < earliest {
                        (first, earliest) = (Some(index), moment);
                    }
                    open = true;
                }
                Glance::Nobody => open = true,
                // Its guard is switched off, unless all are.
                Glance::Retired => {}
                Glance::Other => return Seen::Other,
            }
            index += 1;
        }
    }
    let Some((communication, chosen)) = first.and_then(|index| guards.communication(index)) else {
        return if open { Seen::Nobody } else { Seen::Other };
    };
    // It may be a choice that has been decided, say, and has yet to leave.
    if take(here, communication) { Seen::Took(chosen) } else { Seen::Other }
}

/// [`take`], from somebody who waits with a deadline, say.
#[inline(never)]
fn take_another(own: Own<'_>, communication: Communication<'_>, here: Here) -> bool {
    let core = &communication.channel().core;
    // SAFETY: as in `take`.
    match unsafe { own.find_other(Kind::Receive, communication.place(), core.size()) } {
        Found::Met(partner) => {
            // SAFETY: as there.
            unsafe { partner.wake() };
            communication.outcome().leave_message();
            communication.stamp().renew(here.clock());
            true
        }
        Found::Nobody(own) => {
            own.let_go();
            false
        }
        Found::Another(_) | Found::Other => false,
    }
}

/// Commits it, if a plain partner waits, and leaves what it brought in its slot.
#[inline(always)]
fn take(here: Here, communication: Communication<'_>) -> bool {
    let me = here.worker();
    if communication.kind != Kind::Receive {
        let Some(lease) = Lease::of_waiting_receiver(me, communication.channel()) else { return false };
        communication.outcome().leave(Hold::Lease(lease));
    } else {
        let core = &communication.channel().core;
        // SAFETY: the place has room for a message of this channel, whose size its core knows.
        match unsafe { core.find_neighbour(me, Kind::Receive, communication.place(), core.size()) } {
            // SAFETY: whoever waits where the lock is our own is a coroutine of this worker.
            Found::Met(partner) => unsafe { partner.wake() },
            Found::Nobody(own) => {
                own.let_go();
                return false;
            }
            Found::Another(own) => return take_another(own, communication, here),
            Found::Other => return false,
        }
        communication.outcome().leave_message();
    }
    communication.stamp().renew(here.clock());
    true
}
