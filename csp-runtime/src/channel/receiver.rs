//! The receiving end.

use std::fmt;
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::end::End;
use super::inner::{Channel, Patience};
use super::release::Release;
use crate::error::{Cause, CauseKind, Refusal, Stopped};
use crate::process::here::current;
use crate::rendezvous::core::Side;
use crate::rendezvous::offer::Kind;

/// The end of a channel that receives.
///
/// Dropping the last one retires the channel. If the process's latest channel operation met poison, or the process is
/// panicking, dropping any one poisons it.
#[doc(alias = "Reader")]
#[doc(alias = "ChannelInput")]
#[doc(alias = "Chanin")]
pub struct Receiver<T> {
    end: End,
    /// Invariant in `T`, and `Send` only by the declaration below.
    message: PhantomData<*mut T>,
}

// SAFETY: an end moves messages between threads, and shares none: `T: Send` is what that takes.
unsafe impl<T: Send> Send for Receiver<T> {}
// SAFETY: as above; every operation through `&self` goes through the channel's lock.
unsafe impl<T: Send> Sync for Receiver<T> {}

impl<T> Receiver<T> {
    pub(super) fn first(channel: Arc<Channel>) -> Self {
        channel.add_end(Side::Receivers);
        Self::counted(channel)
    }

    /// An end that its channel knows of already.
    pub(super) fn counted(channel: Arc<Channel>) -> Self {
        Self { end: End::new(channel), message: PhantomData }
    }

    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.end.channel
    }

    #[inline(always)]
    pub(crate) fn end(&self) -> &End {
        &self.end
    }

    /// Leaves the channel. The last receiver to leave retires it. The same as dropping the end, which may also poison.
    pub fn retire(self) {
        let this = ManuallyDrop::new(self);
        this.end.channel.drop_end(Side::Receivers);
        // SAFETY: `this` is never dropped, so the reference is given up once.
        drop(unsafe { std::ptr::read(&this.end.channel) });
    }

    /// Ends the channel for everybody, at once: all operations fail with [`Stopped::Poisoned`], and what a buffer holds
    /// is dropped.
    pub fn poison(&self) {
        let cause = current(|context| Cause::new(CauseKind::Explicit, context.name()));
        self.poison_for(cause);
    }

    pub(crate) fn poison_for(&self, cause: Cause) {
        self.end.channel.poison(Side::Receivers, cause);
    }
}

impl<T: Send> Receiver<T> {
    /// Receives a value.
    ///
    /// # Blocking
    /// Until a sender has one; or the channel ends.
    ///
    /// # Errors
    /// If the channel ends first.
    ///
    /// # Panics
    /// In the expression of an output guard; and outside any process, if a deadlock ends it.
    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn recv(&self) -> Result<T, Stopped> {
        let mut slot = MaybeUninit::<T>::uninit();
        let (place, at) = (slot.as_mut_ptr().cast(), Location::caller());
        // SAFETY: the slot has room for a message.
        match unsafe { self.end.channel.communicate_patiently(Kind::Receive, place, size_of::<T>(), at) } {
            // SAFETY: the operation succeeded, so the message is there.
            Ok(()) => Ok(unsafe { slot.assume_init() }),
            Err(refusal) => Err(stopped(refusal)),
        }
    }

    /// Receives a value if a sender waits with one, or the buffer holds one.
    ///
    /// # Errors
    /// If there is none, or the channel has ended.
    ///
    /// # Panics
    /// In the expression of an output guard.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, Refusal> {
        self.recv_for(Patience::Never, Location::caller())
    }

    /// Receives a value if that is possible within `timeout`; never gives up early.
    ///
    /// # Errors
    /// If it is not, or the channel ends.
    ///
    /// # Panics
    /// In the expression of an output guard.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, Refusal> {
        let patience = Instant::now().checked_add(timeout).map_or(Patience::Forever, Patience::Until);
        self.recv_for(patience, Location::caller())
    }

    /// Receives a value if that is possible before `deadline`; never gives up early.
    ///
    /// # Errors
    /// If it is not, or the channel ends.
    ///
    /// # Panics
    /// In the expression of an output guard.
    #[track_caller]
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, Refusal> {
        self.recv_for(Patience::Until(deadline), Location::caller())
    }

    /// The extended rendezvous: receives a value, and keeps its sender waiting while `body` runs. The sender's operation
    /// succeeds however the body ends.
    ///
    /// # Blocking
    /// Until a sender has a value; or the channel ends.
    ///
    /// # Errors
    /// If the channel ends before a value has come.
    ///
    /// # Panics
    /// As [`recv`](Self::recv); and a panic of `body` passes through.
    #[track_caller]
    pub fn recv_with<R>(&self, body: impl FnOnce(T) -> R) -> Result<R, Stopped> {
        let mut slot = MaybeUninit::<T>::uninit();
        let mut release = self.recv_extended(&mut slot, Location::caller())?;
        // SAFETY: this is the slot, and here alone the message is taken.
        let place = unsafe { release.take(slot.as_mut_ptr()) };
        // SAFETY: an extended input leaves its message there, for us alone.
        Ok(body(unsafe { place.read() }))
    }

    /// Like [`recv_with`](Self::recv_with), but looks at the value where the sender has it, without moving it.
    ///
    /// From another OS process, plain data, and a `Vec` or a boxed slice of plain data, is looked at where it lies in the shared memory,
    /// however long it is; all else is copied before it is shown.
    ///
    /// # Blocking
    /// Until a sender has a value; or the channel ends.
    ///
    /// # Errors
    /// If the channel ends before a value has come.
    ///
    /// # Panics
    /// As [`recv`](Self::recv); and a panic of `body` passes through.
    #[track_caller]
    pub fn recv_in_place<R>(&self, body: impl FnOnce(&T) -> R) -> Result<R, Stopped> {
        /// Drops the message before the sender, in whose frame it may lie, goes on.
        struct InPlace<T> {
            message: *mut T,
            /// It is more than a look at bytes that others own.
            is_ours: bool,
            _release: Release<T>,
        }
        impl<T> Drop for InPlace<T> {
            fn drop(&mut self) {
                if self.is_ours {
                    // SAFETY: the message was given to us, and is dropped once.
                    unsafe { self.message.drop_in_place() };
                }
            }
        }
        let mut slot = MaybeUninit::<T>::uninit();
        let mut release = self.recv_extended(&mut slot, Location::caller())?;
        // SAFETY: this is the slot, and here alone the message is looked at.
        let (message, is_ours) = unsafe { release.look(slot.as_mut_ptr()) };
        let in_place = InPlace { message, is_ours, _release: release };
        // SAFETY: the message stays there, untouched, until `in_place` is dropped.
        Ok(body(unsafe { &*in_place.message }))
    }

    fn recv_extended(&self, slot: &mut MaybeUninit<T>, at: &'static Location<'static>) -> Result<Release<T>, Stopped> {
        let place = slot.as_mut_ptr().cast();
        // SAFETY: the slot has room for a message.
        let paired = unsafe { self.end.channel.communicate(Kind::ReceiveExtended, place, Patience::Forever, at) };
        Ok(Release::new(paired.map_err(stopped)?, &self.end.channel))
    }

    fn recv_for(&self, patience: Patience, at: &'static Location<'static>) -> Result<T, Refusal> {
        let mut slot = MaybeUninit::<T>::uninit();
        // SAFETY: the slot has room for a message.
        unsafe { self.end.channel.communicate(Kind::Receive, slot.as_mut_ptr().cast(), patience, at) }?;
        // SAFETY: the operation succeeded, so the message is there.
        Ok(unsafe { slot.assume_init() })
    }

    /// The messages, until the channel ends.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }
}

/// An operation that waits for ever ends only with the channel.
#[inline]
fn stopped(refusal: Refusal) -> Stopped {
    match refusal {
        Refusal::Stopped(stopped) => stopped,
        Refusal::NotReady | Refusal::TimedOut | Refusal::TooLarge { .. } => Stopped::Retired,
    }
}

/// The messages of a channel, until it ends. Made by [`Receiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
}

impl<T: Send> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

/// The messages of a channel, until it ends. Made from a [`Receiver`].
#[derive(Debug)]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
}

impl<T: Send> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<'a, T: Send> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T: Send> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self }
    }
}

impl<T> Clone for Receiver<T> {
    /// One more end of the same channel. What `alt!` remembers for fairness starts anew.
    fn clone(&self) -> Self {
        Self::first(self.end.channel.clone())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        #[cfg(feature = "backend-processes")]
        if crate::process::released::keeps_from_leaving(&self.end.channel, Side::Receivers) {
            return;
        }
        if let Some(cause) = current(|context| context.poison_on_drop()) {
            self.poison_for(cause);
        }
        self.end.channel.drop_end(Side::Receivers);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Receiver of {}", self.end.channel.phrase())
    }
}
