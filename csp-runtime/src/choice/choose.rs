//! The choice: exactly one guard commits. First a look whether one is ready; only then offers on every channel.

#[cfg(feature = "backend-processes")]
use std::cell::Cell;
use std::panic::Location;
use std::time::Instant;

use smallvec::SmallVec;

#[cfg(feature = "backend-processes")]
use super::guard::There;
use super::guard::{Communication, Guard, Seat, What, expired};
use super::stamp::Stamp;
use super::waiting::Waiting;
use crate::channel::{Paired, may_communicate};
use crate::error::Stopped;
use crate::process::context::Context;
use crate::rendezvous::decision::{Claim, MAX_GUARDS, News, Outcome};
use crate::rendezvous::meet::{Arrival, Manner};
use crate::rendezvous::offer::{Kind, Offer};
use crate::rendezvous::wait::wait;
#[cfg(feature = "backend-processes")]
use crate::shared::frame::FrameGuard;

/// Which of several ready guards is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The one that was chosen longest ago.
    Fair,
    /// The first in the text.
    Priority,
}

/// The branch, and in a replicated one the replica, of the chosen guard. One word, so that a call can return it in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen(u64);

impl Chosen {
    #[inline(always)]
    pub(super) fn new(branch: u32, replica: u32) -> Self {
        Self(u64::from(branch) << 32 | u64::from(replica))
    }

    /// Which branch, from 0.
    #[inline(always)]
    #[must_use]
    pub fn branch(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Which repetition of it, from 0.
    #[inline(always)]
    #[must_use]
    pub fn replica(self) -> u32 {
        self.0 as u32
    }
}

/// `nobody`: a look at all guards has just found none that is ready, so the offers are made at once.
pub(super) fn choose_after(
    context: &Context,
    order: Order,
    guards: &[Guard<'_>],
    at: &'static Location<'static>,
    nobody: bool,
) -> Result<Chosen, Stopped> {
    may_communicate(context, at)?;
    let choice = Choice {
        guards,
        seats: guards.iter().map(Seat::of).collect(),
        order,
        at,
        context,
        #[cfg(feature = "backend-processes")]
        frame: Cell::new(None),
    };
    let (taken, survey) = choice.take_one(nobody)?;
    context.forgive();
    choice.remember(taken, &survey);
    Ok(guards[taken].chosen)
}

pub(super) struct Choice<'c, 'g> {
    pub(super) guards: &'c [Guard<'g>],
    /// One for each.
    seats: SmallVec<[Seat; 8]>,
    order: Order,
    pub(super) at: &'static Location<'static>,
    context: &'c Context,
    /// Where the guards are whose channels are in the arena, if there are any.
    #[cfg(feature = "backend-processes")]
    frame: Cell<Option<FrameGuard>>,
}

/// A timeout guard: its deadline, none if that lies beyond what the clock can tell, and its place in the text.
type Timeout = (Option<Instant>, usize);

/// What one look at all guards finds. Which ones are live, each of them remembers itself.
#[derive(Default)]
struct Survey {
    /// The live guard that was chosen longest ago, and when.
    oldest: Option<(u64, usize)>,
    /// One of them was passed over by the last choice, for a timeout.
    passed_over: bool,
    /// The timeout guard that ends first.
    timeout: Option<Timeout>,
    skip: Option<usize>,
}

impl<'g> Choice<'_, 'g> {
    /// The live guards: of communications whose channels have not ended, in the text's order.
    fn live(&self) -> impl Iterator<Item = (usize, &Communication<'g>)> {
        let communications = self.guards.iter().enumerate();
        communications
            .filter_map(|(index, guard)| Some((index, guard.communication()?)))
            .filter(|(_, it)| it.live.get())
    }

    fn take_one(&self, mut nobody: bool) -> Result<(usize, Survey), Stopped> {
        loop {
            let survey = self.survey()?;
            #[cfg(feature = "backend-processes")]
            self.take_seats();
            if !std::mem::take(&mut nobody)
                && let Some(taken) = self.poll(&survey)?
            {
                return Ok((taken, survey));
            }
            if let Some(taken) = self.wait(survey.timeout)? {
                return Ok((taken, survey));
            }
        }
    }

    fn survey(&self) -> Result<Survey, Stopped> {
        assert!(self.guards.len() < MAX_GUARDS, "{}: a choice may have at most {MAX_GUARDS} guards", self.at);
        let mut survey = Survey::default();
        let mut retired = false;
        for (index, guard) in self.guards.iter().enumerate() {
            match &guard.what {
                What::Communication(communication) => match communication.ended() {
                    None => survey.count(index, communication),
                    Some(Outcome::Poisoned) => {
                        return Err(communication.channel().stopped(Outcome::Poisoned, self.context));
                    }
                    Some(_) => retired = true,
                },
                What::Timeout(deadline) => {
                    // A deadline beyond the clock comes last.
                    let rank = |deadline: Option<Instant>| (deadline.is_none(), deadline);
                    if survey.timeout.is_none_or(|(first, _)| rank(*deadline) < rank(first)) {
                        survey.timeout = Some((*deadline, index));
                    }
                }
                What::Skip => survey.skip = survey.skip.or(Some(index)),
            }
        }
        assert!(
            !self.guards.is_empty(),
            "{}: no guard of this choice is switched on, so it would wait for ever (occam's STOP)",
            self.at
        );
        if retired && survey.oldest.is_none() {
            return Err(Stopped::Retired);
        }
        Ok(survey)
    }

    /// Takes a guard that is ready now.
    fn poll(&self, survey: &Survey) -> Result<Option<usize>, Stopped> {
        match self.order {
            Order::Priority => self.poll_in_order(),
            Order::Fair => self.poll_fairly(survey),
        }
    }

    fn poll_in_order(&self) -> Result<Option<usize>, Stopped> {
        for (index, guard) in self.guards.iter().enumerate() {
            let ready = match &guard.what {
                What::Communication(communication) => communication.live.get() && self.try_guard(index)?,
                What::Timeout(deadline) => expired(*deadline),
                What::Skip => true,
            };
            if ready {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn poll_fairly(&self, survey: &Survey) -> Result<Option<usize>, Stopped> {
        let timeout = survey.timeout.filter(|(deadline, _)| expired(*deadline)).map(|(_, index)| index);
        // An expired timeout goes first, so that no communication starves it; but not twice running, so that it starves none.
        if timeout.is_some() && !survey.passed_over {
            return Ok(timeout);
        }
        if let Some((_, oldest)) = survey.oldest {
            // Where all are always ready, this is the one. Only if it is not, the others are put in order.
            if self.try_guard(oldest)? {
                return Ok(Some(oldest));
            }
            let mut others: SmallVec<[(u64, usize); 16]> =
                self.live().map(|(index, it)| (it.stamp().moment(), index)).collect();
            others.sort_unstable();
            for (_, index) in others.into_iter().filter(|&(_, index)| index != oldest) {
                if self.try_guard(index)? {
                    return Ok(Some(index));
                }
            }
        }
        Ok(timeout.or(survey.skip))
    }

    /// Keeps, in the ends, what later choices need to be fair; and in the chosen guard's slot, what its branch needs.
    fn remember(&self, taken: usize, survey: &Survey) {
        let timed_out = matches!(self.guards[taken].what, What::Timeout(_));
        let stamps = || self.guards.iter().filter_map(Guard::communication).map(Communication::stamp);
        if timed_out || survey.passed_over {
            stamps().for_each(|stamp| stamp.set_passed_over(timed_out));
        }
        let Some(communication) = self.guards[taken].communication() else { return };
        let clock = self.context.clock();
        // Others may have chosen one of these ends, even while this choice waited.
        clock.set(stamps().map(Stamp::moment).fold(clock.get(), u64::max));
        communication.stamp().renew(clock);
        #[cfg(feature = "backend-processes")]
        if let Some(there) = self.seats[taken].there.get() {
            return self.remember_there(communication, there);
        }
        if communication.kind == Kind::Receive {
            return communication.outcome().leave_message();
        }
        // SAFETY: the entry is in no queue any more, and its offer is complete, or nobody saw it.
        let paired = Paired::of_local(unsafe { self.seats[taken].entry.paired_with() });
        communication.outcome().leave_counted(communication.channel(), paired);
    }

    /// Whether the guard's communication took place at once, without an offer on any channel.
    fn try_guard(&self, index: usize) -> Result<bool, Stopped> {
        let Some(communication) = self.guards[index].communication() else { return Ok(false) };
        #[cfg(feature = "backend-processes")]
        if let Some(there) = self.seats[index].there.get() {
            return self.try_guard_there(index, there);
        }
        let (entry, mut offer) = (&self.seats[index].entry, None);
        let announce = || {
            entry.attach(offer.insert(Offer::choice(self.context.parker(), self.context.is_hosted())));
            &raw const *entry
        };
        // SAFETY: if the offer is paired, we wait below until it is complete.
        match unsafe { communication.channel().core.arrive_alone(entry.kind, entry.place, false, announce) } {
            Arrival::Met => Ok(true),
            Arrival::Paired => {
                let (_, outcome) = offer.as_ref().map_or((0, Outcome::Met), |offer| self.wait_for(offer));
                self.conclude(index, outcome)?;
                Ok(true)
            }
            Arrival::Ended(Outcome::Poisoned) => Err(communication.channel().stopped(Outcome::Poisoned, self.context)),
            _ => Ok(false),
        }
    }

    /// Offers all guards on their channels, and waits until one is taken. None: the offer came to nothing, and has to be
    /// made anew.
    fn wait(&self, timeout: Option<Timeout>) -> Result<Option<usize>, Stopped> {
        #[cfg(feature = "backend-processes")]
        let there = self.frame.take();
        #[cfg(feature = "backend-processes")]
        if let Some(frame) = there {
            let offer = frame.offer();
            self.frame.set(Some(frame));
            return self.wait_with(offer, timeout);
        }
        let offer = Offer::choice(self.context.parker(), self.context.is_hosted());
        self.wait_with(&offer, timeout)
    }

    fn wait_with(&self, offer: &Offer, timeout: Option<Timeout>) -> Result<Option<usize>, Stopped> {
        let until = timeout.and_then(|(deadline, _)| deadline);
        let timer = timeout.map_or(0, |(_, index)| index);
        let (index, outcome) = self.offer_all(offer).unwrap_or_else(|| self.wait_until(offer, until, timer));
        // Nothing above unwinds: no entry stays behind in a queue.
        self.leave_all();
        if outcome == Outcome::Again {
            return Ok(None);
        }
        self.conclude(index, outcome)?;
        Ok(Some(index))
    }

    /// Waits until a partner has taken the offer, its deadline has passed, or its last channel is retired.
    fn wait_until(&self, offer: &Offer, until: Option<Instant>, timer: usize) -> (usize, Outcome) {
        loop {
            let in_time = self.sleep(offer, until);
            let own_end = match offer.decision.news() {
                News::Done(index, outcome) => return (index as usize, outcome),
                News::Nudged => {
                    offer.decision.take_nudge();
                    match self.last_retired() {
                        Some(last) => (last, Outcome::Retired),
                        None => continue,
                    }
                }
                News::None if in_time => continue,
                News::None => (timer, Outcome::Met),
            };
            return match offer.decision.withdraw(own_end.0 as u32) {
                Claim::Won => own_end,
                // A partner took us in the last moment, and is about to complete us.
                Claim::Lost => self.wait_for(offer),
            };
        }
    }

    /// A guard of this choice, if all of those that were live have been switched off by retirement.
    fn last_retired(&self) -> Option<usize> {
        let mut last = None;
        for (index, communication) in self.live() {
            communication.ended()?;
            last = Some(index);
        }
        last
    }

    /// Puts the offer on every channel, unless it is decided on the way.
    fn offer_all(&self, offer: &Offer) -> Option<(usize, Outcome)> {
        let (mut published, mut first) = (false, None);
        for (index, communication) in self.live() {
            first = first.or(Some(index));
            let manner = Manner { published, wait: true };
            // SAFETY: `leave_all` takes every entry out before the offer ends, and a paired offer is waited for.
            match unsafe { communication.arrive(&self.seats[index], offer, index, manner) } {
                Arrival::Waiting => {
                    self.seats[index].queued.set(true);
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
                Arrival::Ended(Outcome::Again) => {
                    return match offer.decision.withdraw(index as u32) {
                        Claim::Won => Some((index, Outcome::Again)),
                        Claim::Lost => Some(self.wait_for(offer)),
                    };
                }
                Arrival::Ended(_) | Arrival::NotReady => {}
            }
        }
        // Where it stands on a channel, that one's retirement will nudge it. If they all came before, nobody does.
        if published { None } else { first.map(|first| (first, Outcome::Retired)) }
    }

    fn leave_all(&self) {
        for (index, communication) in self.live() {
            if self.seats[index].queued.take() {
                communication.leave(&self.seats[index]);
            }
        }
    }

    /// Waits until there is news of the offer (true), or `until` has passed.
    fn sleep(&self, offer: &Offer, until: Option<Instant>) -> bool {
        let operation = Waiting { choice: self, offer };
        #[cfg(feature = "backend-processes")]
        if self.is_there() {
            return crate::shared::operation::wait(self.context, offer, &operation, until);
        }
        wait(self.context, &offer.decision, &operation, until)
    }

    /// Waits until an offer that a partner has taken is complete.
    fn wait_for(&self, offer: &Offer) -> (usize, Outcome) {
        loop {
            match offer.decision.news() {
                News::Done(index, outcome) => return (index as usize, outcome),
                // It is decided: what else ends does not matter any more.
                News::Nudged => offer.decision.take_nudge(),
                News::None => {
                    self.sleep(offer, None);
                }
            }
        }
    }

    fn conclude(&self, index: usize, outcome: Outcome) -> Result<(), Stopped> {
        match (outcome, self.guards[index].communication()) {
            (Outcome::Met, _) | (_, None) => Ok(()),
            (outcome, Some(communication)) => Err(communication.channel().stopped(outcome, self.context)),
        }
    }
}

/// Guards whose channels are in the arena.
#[cfg(feature = "backend-processes")]
impl<'g> Choice<'_, 'g> {
    /// Gives each live one a seat in one frame, around the offer of this choice.
    fn take_seats(&self) {
        let links = || {
            self.live().filter_map(|(index, communication)| {
                self.seats[index].there.set(None);
                Some((index, communication, communication.channel().link_for(communication.kind)?))
            })
        };
        let seats = links().count();
        if seats == 0 {
            return self.frame.set(None);
        }
        // A plain operation's frame has one seat; this one is used for nothing else.
        let frame = FrameGuard::new(seats.max(2), true, crate::shared::operation::hosted(self.context));
        frame.clear_behind(seats);
        for (seat, (index, communication, link)) in links().enumerate() {
            let entry = &frame.sit(seat, communication.kind, link).entry;
            self.seats[index].there.set(Some(There { link, seat, entry }));
        }
        self.frame.set(Some(frame));
    }

    fn is_there(&self) -> bool {
        let frame = self.frame.take();
        let is_there = frame.is_some();
        self.frame.set(frame);
        is_there
    }

    /// As `try_guard`.
    fn try_guard_there(&self, index: usize, there: There) -> Result<bool, Stopped> {
        let Some(communication) = self.guards[index].communication() else { return Ok(false) };
        let entry = there.entry;
        entry.set_index(index as u32);
        // SAFETY: if the offer is paired, we wait below until it is complete.
        match unsafe { there.link.core.arrive_alone(entry.kind, entry.place, false, || &raw const *entry) } {
            Arrival::Met => Ok(true),
            Arrival::Paired => {
                let (_, outcome) = self.wait_for(entry.offer());
                self.conclude(index, outcome)?;
                Ok(true)
            }
            Arrival::Ended(Outcome::Poisoned) => Err(communication.channel().stopped(Outcome::Poisoned, self.context)),
            _ => Ok(false),
        }
    }

    /// As `remember`, of the chosen guard: its message goes to its slot, or its partner is kept there.
    fn remember_there(&self, communication: &Communication<'g>, there: There) {
        let Some(frame) = self.frame.take() else { return };
        let place = communication.place();
        if there.entry.kind == Kind::Receive {
            // SAFETY: the chosen input has received a message, and the slot has room for it.
            unsafe { there.link.codec.unpack(there.entry.place, place) };
            return communication.outcome().leave_message();
        }
        // SAFETY: as above; or it is an output, which receives none.
        let paired = unsafe { crate::shared::operation::keep(frame, there.seat, there.link, place) };
        communication.outcome().leave_counted(communication.channel(), paired);
    }
}

impl Survey {
    /// One more live guard.
    #[inline]
    fn count(&mut self, index: usize, communication: &Communication<'_>) {
        communication.live.set(true);
        let chosen_at = communication.stamp().moment();
        if self.oldest.is_none_or(|(oldest, _)| chosen_at < oldest) {
            self.oldest = Some((chosen_at, index));
        }
        self.passed_over |= communication.stamp().was_passed_over();
    }
}
