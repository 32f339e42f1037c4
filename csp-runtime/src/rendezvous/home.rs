//! Where offers and messages live: the trait that the protocol is written over.
//!
//! Nothing here assumes that two parties share an address space: an entry is named by a link, a message by a place, and
//! only the home can follow either. [`Local`](super::local::Local) is this process's memory.

use super::core::Core;
use super::decision::Sleep;
use super::offer::{Entry, Offer};
use crate::sync::{Held, Journal};

/// A home of offers, entries, messages and channel locks.
pub(crate) trait Home: Sized + 'static {
    /// The name of an entry that is waiting, or paired, somewhere in this home.
    type Link: Copy + PartialEq;
    /// A link to the other side of a pair, which may have to be told from what is there later.
    type Partner: Copy;
    /// The place of a message in transit.
    type Place: Copy;
    /// How the owner of an offer is woken.
    type Wake: Copy;
    /// The mutual exclusion of one channel.
    type Lock: RawLock;
    /// What the holder of a lock writes down.
    type Journal: Journal;
    /// The messages inside a buffered channel.
    type Buffer: Buffer<Self>;

    /// # Safety
    /// The entry must be alive: queued on a channel whose lock is held, or owned by an undecided or uncompleted offer.
    unsafe fn entry<'a>(link: Self::Link) -> &'a Entry<Self>;

    /// The link that names `entry`.
    fn link(entry: &Entry<Self>) -> Self::Link;

    /// The link by which a leader knows its follower.
    fn partner(entry: &Entry<Self>) -> Self::Partner;

    /// Where it leads.
    fn follow(partner: Self::Partner) -> Self::Link;

    /// A total order of all offers, in which two of them are claimed.
    fn rank(offer: &Offer) -> usize;

    /// Who decides here: it stands in a word while that is claimed or selected. 0 where nobody has to know.
    fn decider() -> u32;

    /// Whoever waits beside the queues of `core` goes into them; by whoever has just taken the lock.
    #[inline(always)]
    fn fill_queues(_core: &Core<Self>, _lock: &Held<Self::Journal>) {}

    /// The journal of whoever runs now.
    fn journal() -> Self::Journal;

    /// How the owner of an offer is woken; its answer outlives the offer.
    fn wake(offer: &Offer) -> Self::Wake;

    /// Moves one message of `size` units between two places.
    ///
    /// # Safety
    /// `from` holds a message that nobody else will read, `to` has room for it, and both stay put meanwhile.
    unsafe fn carry(from: Self::Place, to: Self::Place, size: usize, lock: &Held<Self::Journal>);

    /// The message at `from` stays there, and is the receiver's whose place is `to` from now on.
    ///
    /// # Safety
    /// As for `carry`.
    unsafe fn give(from: Self::Place, to: Self::Place, size: usize, lock: &Held<Self::Journal>);

    /// A look at `partner`, who may be far away, is about to follow: it may come nearer meanwhile.
    #[inline(always)]
    fn expect_partner(_partner: &Entry<Self>) {}

    /// `partner` is about to be met, and then woken: so may what that takes.
    #[inline(always)]
    fn expect_meeting(_partner: &Entry<Self>) {}

    /// Wakes the owner of a completed offer if it sleeps.
    fn unpark(wake: Self::Wake, sleep: Sleep);
}

/// A lock held for a bounded number of instructions: nobody parks, allocates without need, or runs a user's code in it.
pub(crate) trait RawLock {
    fn new() -> Self;
    fn lock(&self);
    /// # Safety
    /// The caller holds the lock.
    unsafe fn unlock(&self);
}

/// First in, first out. Only used under the lock of its channel.
pub(crate) trait Buffer<H: Home> {
    /// Messages that were taken out, to be dropped once the lock is released: dropping runs a user's code.
    type Leftovers;
    fn len(&self, lock: &Held<H::Journal>) -> usize;
    /// # Safety
    /// `from` holds a message of this buffer's type, which moves in.
    unsafe fn push(&mut self, from: H::Place, lock: &Held<H::Journal>);
    /// # Safety
    /// The buffer is not empty, and `to` has room for a message of its type.
    unsafe fn pop(&mut self, to: H::Place, lock: &Held<H::Journal>);
    /// Takes all messages out.
    fn drain(&mut self, lock: &Held<H::Journal>) -> Self::Leftovers;
}
