//! The short way of a channel between workers: through its hatch.
//!
//! The same steps as in `meet.rs`, for the commonest case: both are plain, and one of them waits. Whatever else is the case is left to that.

use std::ptr::{self, NonNull};

use super::core::Core;
use super::hatch::{Found, Hatch, Seeing, Waiter, Waits};
use super::local::Local;
use super::offer::{Entry, Kind};
use crate::fetch;
use crate::sync::{Held, NoJournal};

impl From<Kind> for Waits {
    #[inline(always)]
    fn from(kind: Kind) -> Self {
        if kind.is_sending() { Waits::ToSend } else { Waits::ToReceive }
    }
}

/// How an operation comes to a hatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comes {
    /// It does not wait there.
    ToMeet,
    /// It waits there if nobody is there; a sender may be told to look around first.
    ToWait,
    /// It has looked around.
    Again,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// The communication has taken place. Whoever waited is told by its worker.
    Met,
    /// Nobody was there: the operation waits in the hatch.
    Waits,
    /// Nobody was there, but may come in a moment. Nothing has happened.
    LookAround,
    /// Only the long way can tell. Nothing has happened.
    No,
}

impl Core<Local> {
    /// One plain operation.
    ///
    /// # Safety
    /// `place` is what `kind`, which is `Send` or `Receive`, says, for this channel's message type. If it `Waits`, the `waiter`, that one's entry, which
    /// `begin` has made a plain one for this, in no queue, and `place` stay where they are until its offer is complete.
    #[inline(always)]
    pub(crate) unsafe fn pass(
        &self,
        hatch: &Hatch,
        kind: Kind,
        place: *mut u8,
        comes: Comes,
        waiter: &Waiter,
        begin: impl FnOnce(),
    ) -> Passed {
        let arriving = Waits::from(kind);
        hatch.lock();
        // SAFETY: locked just now.
        let lock = unsafe { Held::new(NoJournal) };
        let found = hatch.find(arriving, &lock);
        if comes == Comes::Again {
            hatch.look_around.has_paid(found == Found::Partner);
        }
        let passed = match found {
            // Somebody waits in the hatch, so the channel has not ended.
            Found::Partner => {
                // SAFETY: by the caller.
                unsafe { hatch.meet(arriving, place, self.size(), lock) };
                return Passed::Met;
            }
            Found::Room if comes != Comes::ToMeet && self.is_open_rendezvous() && self.is_deserted(&lock) => {
                match comes {
                    Comes::ToWait if !hatch.wait_here.is_to_be_tried() => Passed::No,
                    Comes::ToWait if arriving == Waits::ToSend && hatch.look_around.is_to_be_tried() => {
                        Passed::LookAround
                    }
                    _ => {
                        begin();
                        // SAFETY: by the caller.
                        unsafe { hatch.wait(arriving, waiter, place, self.size(), lock) };
                        return Passed::Waits;
                    }
                }
            }
            Found::Room | Found::Other => Passed::No,
        };
        // SAFETY: locked above.
        unsafe { hatch.unlock() };
        passed
    }

    /// Whether nobody waits in a queue.
    #[inline(always)]
    fn is_deserted(&self, lock: &Held<NoJournal>) -> bool {
        self.senders.first(lock).is_none() && self.receivers.first(lock).is_none()
    }

    /// The hatch, if it has one.
    #[inline(always)]
    pub(crate) fn hatch(&self) -> Option<&Hatch> {
        self.lock.hatch()
    }

    /// Whether it has one from now on: a channel between workers that had none.
    #[inline]
    pub(crate) fn gets_hatch(&self) -> bool {
        self.is_open_rendezvous() && self.lock.make_hatch()
    }

    /// Whoever waits in the hatch waits in a queue from now on.
    #[inline(always)]
    pub(super) fn empty_hatch(&self, lock: &Held<NoJournal>) {
        if let Some(entry) = self.hatch().and_then(|hatch| hatch.take_waiter(lock)) {
            // SAFETY: only `pass` lets somebody wait there, with an entry that is alive until its offer is complete.
            let entry = unsafe { &*entry.cast::<Entry<Local>>() };
            // SAFETY: as above; it is in no queue.
            unsafe { self.queue_of(entry).push(entry, lock) };
        }
    }
}

/// A wait in a hatch, for the worker of whoever waits. Used while that does.
#[derive(Clone, Copy)]
pub(crate) struct Wait {
    channel: NonNull<Core<Local>>,
    hatch: NonNull<Hatch>,
    waiter: NonNull<Waiter>,
}

impl Wait {
    #[inline(always)]
    pub(crate) fn new(channel: &Core<Local>, hatch: &Hatch, waiter: &Waiter) -> Self {
        Self { channel: NonNull::from(channel), hatch: NonNull::from(hatch), waiter: NonNull::from(waiter) }
    }

    /// # Safety
    /// It waits still.
    #[inline(always)]
    unsafe fn channel(&self) -> &Core<Local> {
        // SAFETY: whoever waits with an operation on a channel keeps that.
        unsafe { self.channel.as_ref() }
    }

    /// # Safety
    /// It waits still.
    #[inline(always)]
    unsafe fn hatch(&self) -> &Hatch {
        // SAFETY: it is there as long as its channel.
        unsafe { self.hatch.as_ref() }
    }

    /// # Safety
    /// It waits still.
    #[inline(always)]
    unsafe fn waiter(&self) -> &Waiter {
        // SAFETY: it lies in the frame of the operation.
        unsafe { self.waiter.as_ref() }
    }

    /// Whether it is to be [ended](Self::end): somebody has come, or it goes on in the channel's queue.
    ///
    /// # Safety
    /// By the worker of whoever waits, which does so still.
    #[inline(always)]
    pub(crate) unsafe fn is_news(&self) -> bool {
        // SAFETY: by the caller.
        let (hatch, waiter) = (unsafe { self.hatch() }, unsafe { self.waiter() });
        hatch.look(waiter) != Seeing::Waiting
    }

    /// Ends it. True: somebody has come; the offer is complete after this, and its owner is to be woken. Otherwise it waits in the channel's queue.
    ///
    /// # Safety
    /// As for [`is_news`](Self::is_news).
    #[inline(always)]
    pub(crate) unsafe fn end(&self) -> bool {
        // SAFETY: by the caller.
        let (channel, hatch) = (unsafe { self.channel() }, unsafe { self.hatch() });
        // SAFETY: as above.
        let waiter = unsafe { self.waiter() };
        let mut seeing = hatch.look(waiter);
        if seeing == Seeing::Waiting {
            channel.let_go(channel.hold());
            seeing = hatch.look(waiter);
            debug_assert_ne!(seeing, Seeing::Waiting, "whoever takes the lock empties the hatch");
        }
        if seeing != Seeing::Met {
            return false;
        }
        // Most often it waits here again soon.
        fetch::line_to_write(self.hatch.as_ptr().cast_const().cast(), 0);
        // SAFETY: whoever waits, as it does, keeps its entry.
        let entry = unsafe { &*waiter.entry().cast::<Entry<Local>>() };
        // SAFETY: they are those that it waits with.
        unsafe { hatch.take_out(entry.kind.into(), entry.place, channel.size()) };
        entry.offer().decision.complete_standing();
        true
    }

    #[inline(always)]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        ptr::eq(self.waiter.as_ptr(), other.waiter.as_ptr())
    }
}
