//! A choice between coroutines of one worker that finds a partner waiting: one look at each guard, and no offer at all.

use super::choose::Order;
use super::guard::{Communication, Guard, What};
use crate::backend;
use crate::channel::Paired;
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

/// Commits a guard, if it is simple. It is if all guards are plain inputs and outputs, on open channels without a buffer that only this worker has used,
/// and none was passed over for a timeout.
#[inline(always)]
pub(super) fn take_at_a_glance(order: Order, guards: &[Guard<'_>]) -> Seen {
    let me = this_owner();
    let mut first: Option<(u64, usize)> = None;
    let (mut latest, mut on) = (0, false);
    for (index, guard) in guards.iter().enumerate() {
        let communication = match &guard.what {
            What::Communication(communication) => communication,
            What::Off => continue,
            What::Timeout(_) | What::Skip => return Seen::Other,
        };
        let stamp = communication.stamp();
        if stamp & 1 == 1 || communication.kind == Kind::ReceiveExtended {
            return Seen::Other;
        }
        latest = latest.max(stamp);
        on = true;
        match communication.channel.core.glance(communication.kind, me) {
            // The one that was chosen longest ago; of equals, and without fairness, the first in the text.
            Glance::Somebody if first.is_none_or(|(before, _)| order == Order::Fair && stamp < before) => {
                first = Some((stamp, index));
            }
            Glance::Somebody | Glance::Nobody => {}
            Glance::Other => return Seen::Other,
        }
    }
    let Some((_, index)) = first else {
        return if on { Seen::Nobody } else { Seen::Other };
    };
    let Some(communication) = guards[index].communication() else { return Seen::Other };
    if !take(communication) {
        return Seen::Other; // a choice that has been decided, say, and has yet to leave
    }
    communication.set_chosen_at((latest >> 1) + 1);
    communication.outcome.chosen.set(true);
    Seen::Took(index)
}

#[inline(always)]
fn take(communication: &Communication<'_>) -> bool {
    let core = &communication.channel.core;
    if communication.kind == Kind::Receive {
        // SAFETY: the place has room for a message of this channel, whose size its core knows.
        let found = unsafe { core.find_neighbour(Kind::Receive, communication.place, core.size()) };
        return match found {
            Found::Met(parker, about) => {
                // SAFETY: whoever waits where the lock is our own is a coroutine of this worker.
                unsafe { backend::wake_neighbour(parker, about) };
                true
            }
            Found::Nobody(own) => {
                own.let_go();
                false
            }
            Found::Other => false,
        };
    }
    let Some(receiver) = core.claim_neighbour() else { return false };
    communication.outcome.channel.set(Some(communication.channel.clone()));
    communication.outcome.paired.set(Paired::of_local((Some(receiver), false)));
    true
}
