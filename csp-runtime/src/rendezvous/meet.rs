//! The rendezvous: an arriving offer meets a waiting one, or waits itself. The algorithm for every backend and both directions.

use super::core::{Core, Wakes, complete, settle};
use super::decision::{Claim, Outcome, Sleep};
use super::home::{Buffer, Home};
use super::offer::{Entry, Kind};
use super::queue::Queue;
use crate::sync::{Held, Journal, mutant};

/// How an offer comes to a channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// It stands on other channels already, so it must win its own decision word before it takes a partner.
    pub(crate) published: bool,
    /// It waits here if nobody is ready.
    pub(crate) wait: bool,
}

/// What came of it.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The communication took place; or, for an output guard, the partner (or a place in the buffer) is claimed; or, for
    /// an extended input, the sender is kept until it is released.
    Met,
    /// A partner is certain, and will complete the offer.
    Paired,
    /// The offer waits on this channel.
    Waiting,
    /// Nobody is ready, and the offer did not come to wait.
    NotReady,
    /// The channel has ended for this side.
    Ended(Outcome),
    /// The choice was decided on another channel meanwhile.
    Decided,
}

/// What came of the short way.
enum Short<H: Home> {
    /// The communication took place with a partner that sleeps so.
    Met(H::Wake, Sleep),
    Waiting,
    /// Only the long way can tell.
    No,
}

/// Who lost the attempt to pair, if somebody did.
enum Pairing {
    Won,
    PartnerGone,
    SelfGone,
}

impl<H: Home> Core<H> {
    /// The one step of every operation: meet a waiting partner, use the buffer, or wait.
    ///
    /// # Safety
    /// If the result is `Waiting` or `Paired`, `me`, its offer and its place stay where they are until the offer is
    /// complete and the entry has left the queue. `me.place` is what `me.kind` says, for this channel's message type.
    pub(crate) unsafe fn arrive(&self, me: &Entry<H>, manner: Manner) -> Arrival {
        self.locked(|lock, wakes| {
            let arrival = if me.kind.is_sending() {
                self.offer_message(me, manner, lock, wakes)
            } else {
                self.seek_message(me, manner, lock, wakes)
            };
            if arrival == Arrival::NotReady && manner.wait {
                // SAFETY: the caller keeps the entry in place until it has left.
                unsafe { self.queue_of(me).push(me, lock) };
                return Arrival::Waiting;
            }
            arrival
        })
    }

    /// [`arrive`](Self::arrive) of an offer that stands on no other channel, and which is only made, by `announce`, if
    /// somebody has to know of it.
    ///
    /// # Safety
    /// As for `arrive`, for the entry that `announce`, called at most once, makes; its kind is `kind` and its place `place`.
    #[inline(always)]
    pub(crate) unsafe fn arrive_alone(
        &self,
        kind: Kind,
        place: H::Place,
        wait: bool,
        mut announce: impl FnMut() -> *const Entry<H>,
    ) -> Arrival {
        if self.is_rendezvous() && matches!(kind, Kind::Send | Kind::Receive) {
            let (mine, theirs) =
                if kind == Kind::Send { (&self.senders, &self.receivers) } else { (&self.receivers, &self.senders) };
            let lock = self.hold();
            let short = match theirs.first(&lock) {
                Some(partner) => {
                    H::expect_partner(partner);
                    // SAFETY: by the caller.
                    unsafe { self.meet_plainly(kind, place, partner, theirs, &lock) }
                }
                None if wait && self.is_open() => {
                    // SAFETY: the caller has just made it.
                    let me = unsafe { &*announce() };
                    // SAFETY: the caller keeps the entry in place until it has left.
                    unsafe { mine.push(me, &lock) };
                    Short::Waiting
                }
                None => Short::No,
            };
            self.let_go(lock);
            match short {
                Short::Met(wake, sleep) => {
                    H::unpark(wake, sleep);
                    return Arrival::Met;
                }
                Short::Waiting => return Arrival::Waiting,
                Short::No => {}
            }
        }
        // SAFETY: the caller has just made it.
        let me = unsafe { &*announce() };
        // SAFETY: passed on.
        unsafe { self.arrive(me, Manner { published: false, wait }) }
    }

    /// Sends the message at `place` to whoever waits longest, if that is a plain receiver. False: it is not, and nothing has happened.
    ///
    /// # Safety
    /// There is a message of this channel's type.
    #[cfg(feature = "backend-processes")]
    pub(crate) unsafe fn send_to_plain_receiver(&self, place: H::Place) -> bool {
        if !self.is_rendezvous() {
            return false;
        }
        let lock = self.hold();
        let short = match self.receivers.first(&lock) {
            // SAFETY: by the caller.
            Some(partner) if !partner.offer().is_choosing() => unsafe {
                self.meet_plainly(Kind::Send, place, partner, &self.receivers, &lock)
            },
            _ => Short::No,
        };
        self.let_go(lock);
        let Short::Met(wake, sleep) = short else { return false };
        H::unpark(wake, sleep);
        true
    }

    /// The common case: the partner that waits longest wants no more than a message, or to be rid of one, so nobody needs to
    /// know of the offer that arrives. (That it stands in the queue also means that the channel has not ended.)
    ///
    /// # Safety
    /// `place` is what `kind` says, for this channel's message type.
    #[inline(always)]
    unsafe fn meet_plainly(
        &self,
        kind: Kind,
        place: H::Place,
        partner: &Entry<H>,
        queue: &Queue<H>,
        lock: &Held<H::Journal>,
    ) -> Short<H> {
        let opposite = if kind == Kind::Send { Kind::Receive } else { Kind::Send };
        if partner.kind != opposite || partner.offer().take(H::decider()) == Claim::Lost {
            return Short::No;
        }
        H::expect_meeting(partner);
        queue.remove(partner, lock);
        let (from, to) = if kind == Kind::Send { (place, partner.place) } else { (partner.place, place) };
        // SAFETY: the sender's place holds a message and the receiver's has room for it, by the caller and by `arrive`.
        unsafe { H::carry(from, to, self.size, lock) };
        let (wake, sleep) = settle(partner, Outcome::Met, lock);
        Short::Met(wake, sleep)
    }

    fn offer_message(&self, me: &Entry<H>, manner: Manner, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) -> Arrival {
        if let Some(outcome) = self.ended_for_senders() {
            return Arrival::Ended(outcome);
        }
        if let Some(arrival) = self.meet(me, manner, &self.receivers, lock, wakes) {
            return arrival;
        }
        if !self.has_room(lock) {
            return Arrival::NotReady;
        }
        if win_self(me, manner) == Claim::Lost {
            return Arrival::Decided;
        }
        self.fill(me, lock);
        Arrival::Met
    }

    fn seek_message(&self, me: &Entry<H>, manner: Manner, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) -> Arrival {
        match self.buffer(lock) {
            Some(buffer) if buffer.len(lock) > 0 => {
                if win_self(me, manner) == Claim::Lost {
                    return Arrival::Decided;
                }
                // SAFETY: the buffer is not empty, and `me.place` has room for a message, by `arrive`.
                unsafe { buffer.pop(me.place, lock) };
                if me.kind == Kind::ReceiveExtended {
                    self.kept.set(self.kept.get(lock) + 1, lock);
                    me.reserved.set(true, lock);
                } else {
                    // The place of the message is used again: what was taken stays taken.
                    lock.journal().commit();
                    self.admit(lock, wakes);
                }
                return Arrival::Met;
            }
            _ => {}
        }
        if let Some(outcome) = self.ended_for_receivers() {
            return Arrival::Ended(outcome);
        }
        self.meet(me, manner, &self.senders, lock, wakes).unwrap_or(Arrival::NotReady)
    }

    /// Pairs `me` with the longest waiting partner that can still be had.
    #[inline]
    fn meet(
        &self,
        me: &Entry<H>,
        manner: Manner,
        queue: &Queue<H>,
        lock: &Held<H::Journal>,
        wakes: &mut Wakes<H>,
    ) -> Option<Arrival> {
        let mut next = queue.first(lock);
        while let Some(partner) = next {
            next = queue.after(partner, lock);
            if partner.same_offer(me) {
                continue;
            }
            match pair(me, manner, partner) {
                Pairing::Won => {
                    queue.remove(partner, lock);
                    return Some(self.join(me, partner, lock, wakes));
                }
                Pairing::PartnerGone => {
                    queue.remove(partner, lock);
                }
                Pairing::SelfGone => return Some(Arrival::Decided),
            }
        }
        None
    }

    /// Both offers are decided: the message passes, or the side that must wait for the other learns its partner.
    #[inline]
    fn join(&self, me: &Entry<H>, partner: &Entry<H>, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) -> Arrival {
        let (sender, receiver) = if me.kind.is_sending() { (me, partner) } else { (partner, me) };
        // Whoever gets to know the other goes on first, and completes the other later.
        let leader = match (sender.kind, receiver.kind) {
            (Kind::SendLater, _) => {
                sender.partner.set(Some(H::partner(receiver)), lock);
                sender
            }
            (_, Kind::ReceiveExtended) => {
                // SAFETY: by `arrive`, the sender's place holds a message.
                unsafe { H::give(sender.place, receiver.place, self.size, lock) };
                receiver.partner.set(Some(H::partner(sender)), lock);
                receiver
            }
            _ => {
                // SAFETY: by `arrive`, the sender's place holds a message and the receiver's has room for it.
                unsafe { H::carry(sender.place, receiver.place, self.size, lock) };
                complete(partner, Outcome::Met, lock, wakes);
                return Arrival::Met;
            }
        };
        if std::ptr::eq(leader, me) {
            return Arrival::Met;
        }
        complete(partner, Outcome::Met, lock, wakes);
        Arrival::Paired
    }

    /// Uses one place of the buffer for a sender: for its message, or for the one that it is going to make.
    fn fill(&self, sender: &Entry<H>, lock: &Held<H::Journal>) {
        if sender.kind == Kind::SendLater {
            self.kept.set(self.kept.get(lock) + 1, lock);
            sender.reserved.set(true, lock);
        } else if let Some(buffer) = self.buffer(lock) {
            // SAFETY: by `arrive`, the sender's place holds a message.
            unsafe { buffer.push(sender.place, lock) };
        }
    }

    /// Lets waiting senders use what room the buffer has.
    pub(super) fn admit(&self, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
        while self.has_room(lock) {
            let Some(sender) = self.senders.first(lock) else { return };
            self.senders.remove(sender, lock);
            if sender.offer().take(H::decider()) == Claim::Won {
                self.fill(sender, lock);
                complete(sender, Outcome::Met, lock, wakes);
            }
        }
    }

    /// An output guard's message has been made: it goes into the place that was kept for it, or to a waiting receiver.
    /// `sender` is a plain entry that holds the message. `Met`, `Paired` with an extended input, or `Ended` meanwhile.
    ///
    /// # Safety
    /// As for [`arrive`](Self::arrive); a place was kept by an earlier arrival.
    pub(crate) unsafe fn use_kept_place(&self, sender: &Entry<H>, keeper: Option<&Entry<H>>) -> Arrival {
        self.locked(|lock, wakes| {
            self.keep_no_longer(keeper, lock);
            if let Some(outcome) = self.ended_for_senders() {
                return Arrival::Ended(outcome);
            }
            let manner = Manner { published: false, wait: false };
            if let Some(arrival) = self.meet(sender, manner, &self.receivers, lock, wakes) {
                return arrival;
            }
            self.fill(sender, lock);
            Arrival::Met
        })
    }

    /// One place less is kept; `keeper`: the entry that says so, where that must be known.
    fn keep_no_longer(&self, keeper: Option<&Entry<H>>, lock: &Held<H::Journal>) {
        if let Some(keeper) = keeper {
            keeper.reserved.set(false, lock);
        }
        self.kept.set(self.kept.get(lock) - 1, lock);
    }

    /// Gives back a place that was kept: an extended input is over, or an output expression left without a value.
    pub(crate) fn release_kept_place(&self, keeper: Option<&Entry<H>>) {
        self.locked(|lock, wakes| {
            if keeper.is_some_and(|keeper| !keeper.reserved.get(lock)) {
                return;
            }
            self.keep_no_longer(keeper, lock);
            if self.ended_for_senders().is_none() {
                self.admit(lock, wakes);
            }
        });
    }
}

/// A choice that stands on other channels wins its own decision word before it does anything final.
fn win_self<H: Home>(me: &Entry<H>, manner: Manner) -> Claim {
    if manner.published { me.offer().decision.select(H::decider()) } else { Claim::Won }
}

/// Decides both offers, or neither. `partner` is in a queue whose lock is held.
fn pair<H: Home>(me: &Entry<H>, manner: Manner, partner: &Entry<H>) -> Pairing {
    let (mine, theirs) = (me.offer(), partner.offer());
    if !manner.published || mutant("self_not_won") {
        return match theirs.take(H::decider()) {
            Claim::Won => Pairing::Won,
            Claim::Lost => Pairing::PartnerGone,
        };
    }
    if !theirs.is_choosing() {
        return match mine.decision.select(H::decider()) {
            Claim::Won => Pairing::Won,
            Claim::Lost => Pairing::SelfGone,
        };
    }
    // Two choices, both published: claim in the order of their rank, so that no ring of claims can form.
    let mine_first = H::rank(mine) < H::rank(theirs) || mutant("own_first");
    let (first, first_gone, second, second_gone) = if mine_first {
        (mine, Pairing::SelfGone, theirs, Pairing::PartnerGone)
    } else {
        (theirs, Pairing::PartnerGone, mine, Pairing::SelfGone)
    };
    if first.decision.claim(H::decider()) == Claim::Lost {
        return first_gone;
    }
    if second.decision.select(H::decider()) == Claim::Lost {
        first.decision.unclaim();
        return second_gone;
    }
    first.decision.confirm(H::decider());
    Pairing::Won
}

/// Finishes a pair whose sender made its message after pairing (an output guard). `sender` is a plain entry that holds
/// the message; `Paired` if the receiver keeps it until a release.
///
/// # Safety
/// `receiver` was paired with the caller's output guard and is not complete; `size` is its channel's message size;
/// `sender` stays put until it is complete if the result is `Paired`.
pub(crate) unsafe fn deliver<H: Home>(sender: &Entry<H>, receiver: H::Link, size: usize) -> Arrival {
    // SAFETY: an offer that is not complete keeps its entries alive.
    let receiver = unsafe { H::entry(receiver) };
    // SAFETY: the paired receiver is ours alone until we complete it: it is in no queue, and it waits.
    let own = unsafe { Held::new(H::journal()) };
    let arrival = if receiver.kind == Kind::ReceiveExtended {
        // SAFETY: by the caller, the sender's place holds a message.
        unsafe { H::give(sender.place, receiver.place, size, &own) };
        receiver.partner.set(Some(H::partner(sender)), &own);
        Arrival::Paired
    } else {
        // SAFETY: the places are of one channel's message type, by the caller.
        unsafe { H::carry(sender.place, receiver.place, size, &own) };
        Arrival::Met
    };
    let (wake, sleep) = settle(receiver, Outcome::Met, &own);
    H::unpark(wake, sleep);
    arrival
}

/// Completes the paired partner behind `link`: a kept sender is released, or an abandoned receiver learns of it.
///
/// # Safety
/// The caller is paired with it, and it is not complete.
pub(crate) unsafe fn dismiss<H: Home>(link: H::Link, outcome: Outcome) {
    // SAFETY: an offer that is not complete keeps its entries alive.
    finish(unsafe { H::entry(link) }, outcome);
}

fn finish<H: Home>(entry: &Entry<H>, outcome: Outcome) {
    let wake = H::wake(entry.offer());
    // The owner may be gone after the next line.
    let sleep = entry.offer().decision.complete(entry.index(), outcome);
    H::unpark(wake, sleep);
}
