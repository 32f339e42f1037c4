//! A choice between coroutines of one worker that finds a partner waiting: no offer at all, and as a rule a look at one channel.

use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::Ordering;

use super::choose::{Chosen, Order};
use super::commit::Hold;
use super::courtesy::{self, Next};
use super::gathered::Gathered;
use super::guard::Communication;
use super::tally::Tally;
use crate::backend;
use crate::channel::{Lease, all_are_plain};
use crate::error::Stopped;
use crate::process::context::Context;
use crate::process::here::running;
use crate::rendezvous::neighbours::{Found, Glance, Own};
use crate::rendezvous::offer::Kind;

/// The choice, which takes a look first where that can tell.
///
/// Inlined into the body of the process, as far as it goes if there is somebody, and for the sake of the switch in it: see `Channel::communicate`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn choose(
    order: Order,
    guards: Gathered<'_, '_>,
    tally: Tally,
    at: &'static Location<'static>,
) -> Result<Chosen, Stopped> {
    // SAFETY: the running process is the caller, and the reference is not kept.
    let context = unsafe { running() };
    if !context.worker().owns_locks() || std::thread::panicking() || !guards.plain {
        return guards.choose_as(context, order, at, false);
    }
    if let Some(chosen) = take_the_oldest(context, order, guards, tally) {
        return Ok(chosen);
    }
    if !(order == Order::Fair && context.courtesy.is_sure())
        && let Next::Done(result) = courtesy::look_at_all(context, order, guards, tally, at)
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
/// without a buffer that only this worker has used, and none was passed over for a timeout.
#[inline(always)]
pub(super) fn take_the_oldest(
    context: &Context,
    order: Order,
    guards: Gathered<'_, '_>,
    tally: Tally,
) -> Option<Chosen> {
    // Whether the others are ready too makes no difference, and none of them can be poisoned.
    if order != Order::Fair || !all_are_plain() {
        return None;
    }
    let (communication, chosen) = guards.communication(tally.oldest(context.clock())?)?;
    take(context, &communication).then_some(chosen)
}

/// The same of any guard: looks at the channels of all, whose tally is known.
pub(super) fn take_any(context: &Context, order: Order, guards: Gathered<'_, '_>) -> Seen {
    let me = context.worker();
    let (mut first, mut earliest) = (None, u64::MAX);
    let (mut open, mut index) = (false, 0);
    for (ends, kind) in guards.communications() {
        for end in ends {
            match end.channel.core.glance(kind, me) {
                Glance::Somebody => {
                    let stamp = end.stamp.load(Ordering::Relaxed);
                    if first.is_none() || order == Order::Fair && stamp < earliest {
                        (first, earliest) = (Some(index), stamp);
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
    match first.and_then(|index| guards.communication(index)) {
        Some((communication, chosen)) if take(context, &communication) => Seen::Took(chosen),
        // A choice that has been decided, say, and has yet to leave.
        Some(_) => Seen::Other,
        None if open => Seen::Nobody,
        None => Seen::Other,
    }
}

/// [`take`], from somebody who waits with a deadline, say.
#[inline(never)]
fn take_another(own: Own<'_>, communication: &Communication<'_>, clock: &Cell<u64>) -> bool {
    let core = &communication.channel().core;
    // SAFETY: as in `take`.
    match unsafe { own.find_other(Kind::Receive, communication.place(), core.size()) } {
        Found::Met(partner) => {
            // SAFETY: as there.
            unsafe { partner.wake() };
            communication.outcome().leave_message();
            communication.choose(clock);
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
fn take(context: &Context, communication: &Communication<'_>) -> bool {
    let me = context.worker();
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
            Found::Another(own) => return take_another(own, communication, context.clock()),
            Found::Other => return false,
        }
        communication.outcome().leave_message();
    }
    communication.choose(context.clock());
    true
}
