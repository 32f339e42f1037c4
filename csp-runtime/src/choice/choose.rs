//! The choice: exactly one guard commits. First a look whether one is ready; only then offers on every channel.

use std::panic::Location;
use std::time::Instant;

use smallvec::SmallVec;

use super::guard::{Communication, Guard, What};
use crate::channel::may_communicate;
use crate::deadlock::Operation;
use crate::error::{Cause, Stopped};
use crate::process::context::{Context, current};
use crate::rendezvous::core::Side;
use crate::rendezvous::decision::{Claim, MAX_GUARDS, Outcome};
use crate::rendezvous::local::Local;
use crate::rendezvous::meet::{Arrival, Manner};
use crate::rendezvous::offer::{Kind, Offer};
use crate::rendezvous::wait::wait;

/// Which of several ready guards is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The one that was chosen longest ago.
    Fair,
    /// The first in the text.
    Priority,
}

/// The branch, and in a replicated one the replica, of the chosen guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Which branch, from 0.
    pub branch: u32,
    /// Which repetition of it, from 0.
    pub replica: u32,
}

/// Commits one guard.
///
/// # Errors
/// If the channels of all guards that are switched on are retired, or any of them is poisoned.
///
/// # Panics
/// If no guard is switched on, and if a choice is made while an output guard's expression is evaluated.
#[track_caller]
pub fn choose(order: Order, guards: &[Guard<'_>]) -> Result<Chosen, Stopped> {
    let at = Location::caller();
    current(|context| choose_as(context, order, guards, at))
}

/// [`choose`], by the process of `context`.
pub(crate) fn choose_as(
    context: &Context,
    order: Order,
    guards: &[Guard<'_>],
    at: &'static Location<'static>,
) -> Result<Chosen, Stopped> {
    may_communicate(context, at)?;
    let taken = Choice { guards, order, at, context }.commit()?;
    context.forgive();
    let communications = || guards.iter().filter_map(Guard::communication);
    let timed_out = matches!(guards[taken].what, What::Timeout(_));
    communications().for_each(|communication| communication.set_passed_over(timed_out));
    if let Some(communication) = guards[taken].communication() {
        let latest = communications().map(Communication::chosen_at).max();
        communication.set_chosen_at(latest.unwrap_or(0) + 1);
        // SAFETY: the entry is in no queue any more, and its offer is complete, or nobody saw it.
        let (partner, kept) = unsafe { communication.entry.paired_with() };
        communication.outcome.chosen.set(true);
        if communication.entry.kind != Kind::Receive {
            communication.outcome.channel.set(Some(communication.channel.clone()));
            communication.outcome.partner.set(partner);
            communication.outcome.kept.set(kept);
        }
    }
    Ok(Chosen { branch: guards[taken].branch, replica: guards[taken].replica })
}

struct Choice<'c, 'g> {
    guards: &'c [Guard<'g>],
    order: Order,
    at: &'static Location<'static>,
    context: &'c Context,
}

impl Choice<'_, '_> {
    fn commit(&self) -> Result<usize, Stopped> {
        let live = self.live()?;
        let timeout = self.earliest_timeout();
        if let Some(taken) = self.poll(&live, timeout)? {
            return Ok(taken);
        }
        self.wait(&live, timeout)
    }

    /// The communication guards whose channels have not ended, in the text's order.
    fn live(&self) -> Result<SmallVec<[usize; 16]>, Stopped> {
        assert!(self.guards.len() < MAX_GUARDS, "{}: a choice may have at most {MAX_GUARDS} guards", self.at);
        let mut live = SmallVec::new();
        let (mut on, mut retired) = (0_usize, false);
        for (index, guard) in self.guards.iter().enumerate() {
            match &guard.what {
                What::Off => continue,
                What::Communication(communication) => match communication.ended() {
                    None => live.push(index),
                    Some(Outcome::Poisoned) => {
                        return Err(communication.channel.stopped(Outcome::Poisoned, self.context));
                    }
                    Some(_) => retired = true,
                },
                What::Timeout(_) | What::Skip => {}
            }
            on += 1;
        }
        assert!(
            on > 0,
            "{}: no guard of this choice is switched on, so it would wait for ever (occam's STOP)",
            self.at
        );
        if retired && live.is_empty() {
            return Err(Stopped::Retired);
        }
        Ok(live)
    }

    /// The timeout guard that ends first.
    fn earliest_timeout(&self) -> Option<(Option<Instant>, usize)> {
        let timeouts = self.guards.iter().enumerate().filter_map(|(index, guard)| match guard.what {
            What::Timeout(deadline) => Some((deadline, index)),
            _ => None,
        });
        // A deadline beyond the clock comes last.
        timeouts.min_by_key(|(deadline, _)| (deadline.is_none(), *deadline))
    }

    /// Takes a guard that is ready now.
    fn poll(&self, live: &[usize], timeout: Option<(Option<Instant>, usize)>) -> Result<Option<usize>, Stopped> {
        let expired = |deadline: Option<Instant>| deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if self.order == Order::Priority {
            for (index, guard) in self.guards.iter().enumerate() {
                let ready = match &guard.what {
                    What::Communication(_) => live.contains(&index) && self.try_guard(index)?,
                    What::Timeout(deadline) => expired(*deadline),
                    What::Skip => true,
                    What::Off => false,
                };
                if ready {
                    return Ok(Some(index));
                }
            }
            return Ok(None);
        }
        let timeout = timeout.filter(|(deadline, _)| expired(*deadline)).map(|(_, index)| index);
        let live = || live.iter().filter_map(|&index| Some((index, self.guards[index].communication()?)));
        // An expired timeout goes first, so that no communication starves it; but not twice running, so that it starves none.
        if timeout.is_some() && !live().any(|(_, communication)| communication.was_passed_over()) {
            return Ok(timeout);
        }
        let mut by_age: SmallVec<[(u64, usize); 16]> =
            live().map(|(index, communication)| (communication.chosen_at(), index)).collect();
        by_age.sort_unstable();
        for (_, index) in by_age {
            if self.try_guard(index)? {
                return Ok(Some(index));
            }
        }
        let skip = || self.guards.iter().position(|guard| matches!(guard.what, What::Skip));
        Ok(timeout.or_else(skip))
    }

    /// Whether the guard's communication took place at once, without an offer on any channel.
    fn try_guard(&self, index: usize) -> Result<bool, Stopped> {
        let Some(communication) = self.guards[index].communication() else { return Ok(false) };
        let offer = Offer::choice(self.context.parker(), self.context.is_hosted());
        communication.entry.attach(&offer);
        let manner = Manner { published: false, wait: false };
        // SAFETY: if the offer is paired, we wait below until it is complete.
        match unsafe { communication.channel.core.arrive(&communication.entry, manner) } {
            Arrival::Met => Ok(true),
            Arrival::Paired => {
                let (_, outcome) = self.wait_for(&offer);
                self.conclude(index, outcome)?;
                Ok(true)
            }
            Arrival::Ended(Outcome::Poisoned) => Err(communication.channel.stopped(Outcome::Poisoned, self.context)),
            _ => Ok(false),
        }
    }

    /// Offers all guards on their channels, and waits until one is taken.
    fn wait(&self, live: &[usize], timeout: Option<(Option<Instant>, usize)>) -> Result<usize, Stopped> {
        let offer = Offer::choice(self.context.parker(), self.context.is_hosted());
        let until = timeout.and_then(|(deadline, _)| deadline);
        let (index, outcome) = self.offer_all(live, &offer).unwrap_or_else(|| {
            if wait(self.context, &offer.decision, &Waiting { choice: self, offer: &offer }, until) {
                return self.wait_for(&offer);
            }
            let timer = timeout.map_or(0, |(_, index)| index);
            match offer.decision.withdraw(timer as u32) {
                Claim::Won => (timer, Outcome::Met),
                // A partner took us in the last moment, and is about to complete us.
                Claim::Lost => self.wait_for(&offer),
            }
        });
        // Nothing above unwinds: no entry stays behind in a queue.
        self.leave_all(live);
        self.conclude(index, outcome)?;
        Ok(index)
    }

    /// Puts the offer on every channel, unless it is decided on the way.
    fn offer_all(&self, live: &[usize], offer: &Offer<Local>) -> Option<(usize, Outcome)> {
        let mut published = false;
        for &index in live {
            let Some(communication) = self.guards[index].communication() else { continue };
            communication.entry.attach(offer);
            communication.entry.set_index(index as u32);
            offer.switch_on();
            let manner = Manner { published, wait: true };
            // SAFETY: `leave_all` takes every entry out before the offer ends, and a paired offer is waited for.
            match unsafe { communication.channel.core.arrive(&communication.entry, manner) } {
                Arrival::Waiting => {
                    communication.queued.set(true);
                    published = true;
                }
                Arrival::Met => return Some((index, Outcome::Met)),
                Arrival::Paired | Arrival::Decided => return Some(self.wait_for(offer)),
                Arrival::Ended(Outcome::Poisoned) => {
                    return match offer.decision.withdraw(index as u32) {
                        Claim::Won => Some((index, Outcome::Poisoned)),
                        Claim::Lost => Some(self.wait_for(offer)),
                    };
                }
                Arrival::Ended(_) | Arrival::NotReady => {
                    let _ = offer.switch_off();
                }
            }
        }
        // The last retirement ends the choice; if they all came before this line, that is up to us.
        let all_retired = !live.is_empty() && offer.switch_off();
        all_retired.then_some((live.first().copied().unwrap_or(0), Outcome::Retired))
    }

    fn leave_all(&self, live: &[usize]) {
        for communication in live.iter().filter_map(|&index| self.guards[index].communication()) {
            if communication.queued.take() {
                communication.channel.core.leave(&communication.entry);
            }
        }
    }

    /// Waits until an offer that a partner has taken is complete.
    fn wait_for(&self, offer: &Offer<Local>) -> (usize, Outcome) {
        loop {
            if let Some((index, outcome)) = offer.decision.result() {
                return (index as usize, outcome);
            }
            wait(self.context, &offer.decision, &Waiting { choice: self, offer }, None);
        }
    }

    fn conclude(&self, index: usize, outcome: Outcome) -> Result<(), Stopped> {
        match (outcome, self.guards[index].communication()) {
            (Outcome::Met, _) | (_, None) => Ok(()),
            (outcome, Some(communication)) => Err(communication.channel.stopped(outcome, self.context)),
        }
    }
}

/// A choice that waits, for the deadlock report.
struct Waiting<'w, 'c, 'g> {
    choice: &'w Choice<'c, 'g>,
    offer: &'w Offer<Local>,
}

impl Operation for Waiting<'_, '_, '_> {
    fn is_pending(&self) -> bool {
        self.offer.decision.is_pending()
    }

    fn describe(&self, report: &mut dyn std::fmt::Write) -> std::fmt::Result {
        write!(report, "waits in a choice at {}:", self.choice.at)?;
        for communication in self.choice.guards.iter().filter_map(Guard::communication) {
            let direction = if communication.entry.kind.is_sending() { "to send to" } else { "to receive from" };
            write!(report, "\n      {direction} {}", communication.channel.phrase())?;
        }
        Ok(())
    }

    fn end(&self, cause: &Cause) {
        for communication in self.choice.guards.iter().filter_map(Guard::communication) {
            communication.channel.poison(Side::Senders, cause.clone());
        }
    }
}
