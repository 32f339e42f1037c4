//! The short way of a channel between processes of one worker: its lock is this thread's own, so nothing happens at the same time.
//!
//! The same steps as in `meet.rs`, for the two commonest cases. Whatever else is the case is left to that.

use super::bias::Owner;
use super::core::Core;
use super::decision::{Claim, Outcome};
use super::home::Home;
use super::local::Local;
use super::offer::{Entry, Kind, Offer};
use super::queue::Queue;
use super::stand::Stand;
use crate::backend::{self, Ahead, Park};
use crate::sync::{Held, NoJournal};

/// A channel's lock, held as this thread's own, by whom the last field says.
pub(crate) struct Own<'c>(&'c Core<Local>, Held<NoJournal>, Owner);

/// A partner whose offer is complete, so it may be gone once it has been woken.
#[derive(Clone, Copy)]
pub(crate) struct Neighbour {
    parker: &'static dyn Park,
    ahead: Ahead,
}

impl Neighbour {
    /// `partner`, before its `offer` is completed.
    #[inline(always)]
    fn of(channel: *const Core<Local>, partner: &Entry<Local>, offer: &Offer) -> Self {
        let ahead =
            Ahead { channel: channel.cast(), entry: std::ptr::from_ref(partner).cast(), message: partner.place };
        Self { parker: Local::wake(offer), ahead }
    }

    /// # Safety
    /// It has been completed, by this thread, and waited as a coroutine of this worker.
    #[inline(always)]
    pub(crate) unsafe fn wake(self) {
        // SAFETY: by the caller.
        unsafe { backend::wake_neighbour(self.parker, self.ahead) };
    }
}

/// What an operation finds that arrives.
pub(crate) enum Found<'c> {
    /// The communication has taken place; its partner is to be woken.
    Met(Neighbour),
    /// Nobody: the operation is to wait.
    Nobody(Own<'c>),
    /// Somebody who waits in another way: see [`find_other`](Own::find_other).
    Another(Own<'c>),
    /// Something that the long way has to see to.
    Other,
}

impl Core<Local> {
    /// Meets a partner that stands here to send or to receive: `PROTOCOL.md`, «Who just stands», tells why nothing else has to be asked.
    ///
    /// # Safety
    /// `place` is what `kind`, which is `Send` or `Receive`, says, for a message of `size` bytes, which is this channel's size.
    #[inline(always)]
    pub(crate) unsafe fn find_neighbour(&self, me: Owner, kind: Kind, place: *mut u8, size: usize) -> Found<'_> {
        if !self.lock.lock_own(me) {
            return Found::Other;
        }
        // SAFETY: locked just now; `let_go` or the caller's `Own` ends that.
        let own = Own(self, unsafe { Held::new(NoJournal) }, me);
        let (theirs, opposite) = self.opposite(kind);
        match theirs.first(&own.1) {
            Some(partner) if partner.stands == Some(opposite) => {
                theirs.shift(partner, &own.1);
                // SAFETY: it does, and waits.
                let offer = unsafe { Stand::around(partner) }.offer();
                // SAFETY: passed on; it has left its queue.
                Found::Met(unsafe {
                    own.meet(partner, offer, kind, place, size, || offer.decision.complete_standing())
                })
            }
            Some(_) => Found::Another(own),
            None if self.is_open_rendezvous() => Found::Nobody(own),
            None => own.leave_it(),
        }
    }
}

impl<'c> Own<'c> {
    /// [`find_neighbour`](Core::find_neighbour) where somebody waits in another way: most often with a choice, or a deadline.
    ///
    /// Whoever waits on a channel whose lock is this thread's own is a coroutine of this worker: everybody else who came
    /// here has made the lock a shared one. So its offer is a sleeper's, and nobody else is about to complete it, unless it is a
    /// choice that waits for another OS process as well: with that one the longer way deals.
    ///
    /// # Safety
    /// As there.
    pub(crate) unsafe fn find_other(self, kind: Kind, place: *mut u8, size: usize) -> Found<'c> {
        let (theirs, opposite) = self.0.opposite(kind);
        while let Some(partner) = theirs.first(&self.1) {
            if partner.kind != opposite || !self.0.is_rendezvous() || !partner.offer().decision.is_of_a_sleeper() {
                return self.leave_it();
            }
            theirs.shift(partner, &self.1);
            // A choice that is decided has yet to leave.
            if partner.offer().take(0) == Claim::Won {
                let offer = partner.offer();
                let complete = || offer.decision.complete_sleeper(partner.index(), Outcome::Met);
                // SAFETY: passed on; it has left its queue.
                return Found::Met(unsafe { self.meet(partner, offer, kind, place, size, complete) });
            }
        }
        if self.0.is_open_rendezvous() { Found::Nobody(self) } else { self.leave_it() }
    }

    /// The message passes between `place` and `partner`, whose `offer` is completed by `complete`: it may be gone then.
    ///
    /// # Safety
    /// As for [`find_neighbour`](Core::find_neighbour); the partner is the caller's to complete, and in no queue.
    #[inline(always)]
    unsafe fn meet(
        &self,
        partner: &Entry<Local>,
        offer: &Offer,
        kind: Kind,
        place: *mut u8,
        size: usize,
        complete: impl FnOnce(),
    ) -> Neighbour {
        let neighbour = Neighbour::of(self.0, partner, offer);
        let there = partner.place;
        let (from, to) = if kind == Kind::Send { (place, there) } else { (there, place) };
        // SAFETY: the sender's place holds a message and the receiver's has room for it, by the caller and by `wait_here`.
        unsafe { Local::carry(from, to, size, &self.1) };
        complete();
        self.give_back();
        neighbour
    }

    #[inline(always)]
    fn leave_it(self) -> Found<'c> {
        self.let_go();
        Found::Other
    }
}

impl Core<Local> {
    #[inline(always)]
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Who waits for `kind`, and as what.
    #[inline(always)]
    fn opposite(&self, kind: Kind) -> (&Queue<Local>, Kind) {
        if kind.is_sending() { (&self.receivers, Kind::Receive) } else { (&self.senders, Kind::Send) }
    }

    /// Looks, for `me`, who runs here, whether a partner waits that wants no more than to send or to receive.
    #[inline(always)]
    pub(crate) fn glance(&self, kind: Kind, me: Owner) -> Glance {
        if !self.lock.lock_own(me) {
            return Glance::Other;
        }
        // SAFETY: locked just now.
        let own = Own(self, unsafe { Held::new(NoJournal) }, me);
        let (theirs, opposite) = self.opposite(kind);
        let glance = match theirs.first(&own.1) {
            Some(partner) if partner.kind == opposite && self.is_rendezvous() => Glance::Somebody,
            None if self.is_rendezvous() => match self.ended_for(kind) {
                None => Glance::Nobody,
                Some(Outcome::Retired) => Glance::Retired,
                Some(_) => Glance::Other,
            },
            _ => Glance::Other,
        };
        own.let_go();
        glance
    }

    #[inline(always)]
    fn ended_for(&self, kind: Kind) -> Option<Outcome> {
        if kind.is_sending() { self.ended_for_senders() } else { self.ended_for_receivers() }
    }

    /// Decides a plain receiver for an output guard, which is to complete it, and notes a lease for that; `None` if none is there.
    #[inline(always)]
    pub(crate) fn lease_to_neighbour(&self, me: Owner) -> Option<<Local as Home>::Link> {
        if !self.lock.lock_own(me) {
            return None;
        }
        // SAFETY: locked just now.
        let own = Own(self, unsafe { Held::new(NoJournal) }, me);
        let claimed = loop {
            match self.receivers.first(&own.1) {
                Some(receiver)
                    if receiver.kind == Kind::Receive
                        && self.is_rendezvous()
                        && receiver.offer().decision.is_of_a_sleeper() =>
                {
                    self.receivers.shift(receiver, &own.1);
                    if receiver.offer().take(0) == Claim::Won {
                        self.begin_lease(&own.1);
                        break Some(Local::link(receiver));
                    }
                }
                _ => break None,
            }
        };
        own.let_go();
        claimed
    }

    /// Lets a choice's entry wait here if nobody is there to meet it. False: only the long way can tell.
    ///
    /// # Safety
    /// As for [`arrive`](Core::arrive).
    #[inline(always)]
    pub(crate) unsafe fn stand(&self, me: Owner, entry: &Entry<Local>) -> bool {
        if !self.lock.lock_own(me) {
            return false;
        }
        // SAFETY: locked just now.
        let own = Own(self, unsafe { Held::new(NoJournal) }, me);
        let (theirs, _) = self.opposite(entry.kind);
        let alone = theirs.first(&own.1).is_none() && self.is_open_rendezvous();
        if alone {
            // SAFETY: passed on.
            unsafe { self.queue_of(entry).push(entry, &own.1) };
        }
        own.let_go();
        alone
    }
}

/// Gives the receiver of a lease the message at `place`, of `size` bytes.
///
/// # Safety
/// It is the caller's to complete, and its channel's messages are of that size.
#[inline(always)]
pub(crate) unsafe fn deliver_to_neighbour(receiver: <Local as Home>::Link, place: *mut u8, size: usize) {
    // SAFETY: an offer that is not complete keeps its entries alive.
    let receiver = unsafe { Local::entry(receiver) };
    // SAFETY: the receiver is ours alone until we complete it: it is in no queue, and it waits.
    let own = unsafe { Held::new(NoJournal) };
    // SAFETY: by the caller.
    unsafe { Local::carry(place, receiver.place, size, &own) };
    let neighbour = Neighbour::of(std::ptr::null(), receiver, receiver.offer());
    // The receiver may be gone after the next line.
    receiver.offer().decision.complete_sleeper(receiver.index(), Outcome::Met);
    // SAFETY: it was a coroutine of this worker when it waited, and stays one.
    unsafe { neighbour.wake() };
}

/// What a look at a channel has shown.
pub(crate) enum Glance {
    /// Somebody waits, though perhaps with a choice that is decided by now.
    Somebody,
    Nobody,
    /// Nobody, and nobody will come.
    Retired,
    /// Only the long way can tell.
    Other,
}

impl Own<'_> {
    /// Lets `entry`, a plain one, wait here, and gives up the lock.
    ///
    /// # Safety
    /// The entry, its offer, which is a sleeper's, and its place stay where they are until the offer is complete. The place
    /// is what the entry's kind says, for this channel's message type.
    #[inline(always)]
    pub(crate) unsafe fn wait_here(self, entry: &Entry<Local>) {
        let queue = self.0.queue_of(entry);
        // SAFETY: the entry is new, and the caller keeps it in place until somebody has taken it out.
        unsafe { queue.push(entry, &self.1) };
        self.let_go();
    }

    #[inline(always)]
    pub(crate) fn let_go(self) {
        self.give_back();
    }

    /// The last that is done with it.
    #[inline(always)]
    fn give_back(&self) {
        // SAFETY: whoever makes an `Own` has the lock.
        unsafe { self.0.lock.unlock_own(self.2) };
    }
}
