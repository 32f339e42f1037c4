//! The short way of a channel between processes of one worker: its lock is this thread's own, so nothing happens at the same time.
//!
//! The same steps as in `meet.rs`, for the two commonest cases. Whatever else is the case is left to that.

use super::bias::Owner;
use super::core::Core;
use super::decision::{Claim, Outcome};
use super::home::Home;
use super::local::Local;
use super::offer::{Entry, Kind};
use super::queue::Queue;
use crate::backend::{self, Ahead, Park};
use crate::sync::{Held, NoJournal};

/// A channel's lock, held as this thread's own.
pub(crate) struct Own<'c>(&'c Core<Local>, Held<NoJournal>);

/// A partner whose offer is complete, so it may be gone once it has been woken.
#[derive(Clone, Copy)]
pub(crate) struct Neighbour {
    parker: &'static dyn Park,
    ahead: Ahead,
}

impl Neighbour {
    /// `partner`, before it is completed.
    #[inline(always)]
    fn of(partner: &Entry<Local>) -> Self {
        let ahead = Ahead { entry: std::ptr::from_ref(partner).cast(), message: partner.place };
        Self { parker: Local::wake(partner.offer()), ahead }
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
    /// Something that the long way has to see to.
    Other,
}

impl Core<Local> {
    /// Meets a partner that wants no more than to send or to receive.
    ///
    /// Whoever waits on a channel whose lock is this thread's own is a coroutine of this worker: everybody else who came
    /// here has made the lock a shared one. So its offer is a sleeper's, and nobody else is about to complete it, unless it is a
    /// choice that waits for another OS process as well: with that one the longer way deals.
    ///
    /// # Safety
    /// `place` is what `kind`, which is `Send` or `Receive`, says, for a message of `size` bytes, which is this channel's size.
    #[inline(always)]
    pub(crate) unsafe fn find_neighbour(&self, me: Owner, kind: Kind, place: *mut u8, size: usize) -> Found<'_> {
        if !self.lock.lock_own(me) {
            return Found::Other;
        }
        // SAFETY: locked just now; `let_go` or the caller's `Own` ends that.
        let own = Own(self, unsafe { Held::new(NoJournal) });
        let (theirs, opposite) = self.opposite(kind);
        let partner = loop {
            let Some(partner) = theirs.first(&own.1) else {
                if self.is_open_rendezvous() {
                    return Found::Nobody(own);
                }
                own.let_go();
                return Found::Other;
            };
            if partner.kind != opposite || !self.is_rendezvous() || !partner.offer().decision.is_of_a_sleeper() {
                own.let_go();
                return Found::Other;
            }
            theirs.shift(partner, &own.1);
            // A choice that is decided has yet to leave.
            if partner.offer().take(0) == Claim::Won {
                break partner;
            }
        };
        let (from, to) = if kind == Kind::Send { (place, partner.place) } else { (partner.place, place) };
        // SAFETY: the sender's place holds a message and the receiver's has room for it, by the caller and by `wait_here`.
        unsafe { Local::carry(from, to, size, &own.1) };
        let neighbour = Neighbour::of(partner);
        // The partner may be gone after the next line.
        partner.offer().decision.complete_sleeper(partner.index(), Outcome::Met);
        own.let_go();
        Found::Met(neighbour)
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
        let own = Own(self, unsafe { Held::new(NoJournal) });
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
        let own = Own(self, unsafe { Held::new(NoJournal) });
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
        let own = Own(self, unsafe { Held::new(NoJournal) });
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
    let neighbour = Neighbour::of(receiver);
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
        // SAFETY: whoever makes an `Own` has the lock.
        unsafe { self.0.lock.unlock_own() };
    }
}
