//! A choice between coroutines of one worker that finds a partner waiting: no offer at all, and as a rule a look at one channel.

use std::hint::select_unpredictable;
use std::sync::atomic::Ordering;

use super::choose::Order;
use super::commit::Hold;
use super::guard::{Communication, Guard, PASSED_OVER};
use crate::channel::{Lease, Paired, all_are_plain};
use crate::rendezvous::bias::this_owner;
use crate::rendezvous::neighbours::{Found, Glance};
use crate::rendezvous::offer::Kind;

/// What came of the look.
pub(super) enum Seen {
    /// This guard is committed, the one that the long way would have taken.
    Took(usize),
    /// None is ready.
    Nobody,
    /// It is not so simple; nothing was changed.
    Other,
}

/// Commits a guard, if it is simple. It is if all guards are plain inputs and outputs, on channels without a buffer that only this worker has used,
/// and none was passed over for a timeout.
#[inline(always)]
pub(super) fn take_at_a_glance(order: Order, guards: &[Guard<'_>]) -> Seen {
    let Some((index, latest)) = oldest_and_latest(guards) else { return Seen::Other };
    // Whether the others are ready too makes no difference, and none of them can be poisoned.
    if order == Order::Fair
        && all_are_plain()
        && let Some(communication) = guards.get(index).and_then(Guard::communication)
        && take(communication)
    {
        return took(index, communication, latest);
    }
    take_any(order, guards, latest)
}

/// The guard whose end was chosen longest ago, and when the one was that was chosen last; where all guards are simple.
#[inline(always)]
fn oldest_and_latest(guards: &[Guard<'_>]) -> Option<(usize, u64)> {
    let (mut oldest, mut first, mut latest) = (u64::MAX, usize::MAX, 0);
    for (index, guard) in guards.iter().enumerate() {
        if let Some(end) = guard.plain {
            let stamp = end.stamp.load(Ordering::Relaxed);
            latest = stamp.max(latest);
            // Of equals the first. A branch would be predicted wrongly: another one is the oldest each time.
            let older = stamp < oldest;
            first = select_unpredictable(older, index, first);
            oldest = select_unpredictable(older, stamp, oldest);
        } else if !guard.is_off() {
            return None;
        }
    }
    (latest < PASSED_OVER && first != usize::MAX).then_some((first, latest))
}

/// Looks at the channels of all.
fn take_any(order: Order, guards: &[Guard<'_>], latest: u64) -> Seen {
    let me = this_owner();
    let mut first: Option<(u64, usize, &Communication<'_>)> = None;
    let mut open = false;
    for (index, guard) in guards.iter().enumerate() {
        let Some(communication) = guard.communication() else { continue };
        let stamp = communication.stamp();
        match communication.channel().core.glance(communication.kind, me) {
            Glance::Somebody => {
                if first.is_none_or(|(before, ..)| order == Order::Fair && stamp < before) {
                    first = Some((stamp, index, communication));
                }
            }
            Glance::Nobody => {}
            // Its guard is switched off, unless all are.
            Glance::Retired => continue,
            Glance::Other => return Seen::Other,
        }
        open = true;
    }
    match first {
        Some((_, index, communication)) if take(communication) => took(index, communication, latest),
        // A choice that has been decided, say, and has yet to leave.
        Some(_) => Seen::Other,
        None if open => Seen::Nobody,
        None => Seen::Other,
    }
}

#[inline(always)]
fn took(index: usize, communication: &Communication<'_>, latest: u64) -> Seen {
    communication.set_chosen_at(latest + 1);
    Seen::Took(index)
}

/// Commits it, if a plain partner waits, and leaves what it brought in its slot.
#[inline(always)]
fn take(communication: &Communication<'_>) -> bool {
    if communication.kind != Kind::Receive {
        let lease = Lease::of_waiting_receiver(communication.channel());
        return lease.map(|lease| communication.outcome().leave_pair(Hold::Lease(lease), Paired::default())).is_some();
    }
    let core = &communication.channel().core;
    // SAFETY: the place has room for a message of this channel, whose size its core knows.
    match unsafe { core.find_neighbour(Kind::Receive, communication.place(), core.size()) } {
        Found::Met(partner) => {
            // SAFETY: whoever waits where the lock is our own is a coroutine of this worker.
            unsafe { partner.wake() };
            communication.outcome().leave_message();
            true
        }
        Found::Nobody(own) => {
            own.let_go();
            false
        }
        Found::Other => false,
    }
}
