//! The sending end.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::end::End;
use super::inner::{Channel, Patience};
use crate::error::{Cause, CauseKind, Refusal, SendError, Stopped};
use crate::process::here::current;
use crate::rendezvous::core::Side;
use crate::rendezvous::offer::Kind;

/// The end of a channel that sends.
///
/// Dropping the last one retires the channel. If the process's latest channel operation met poison, or the process is
/// panicking, dropping any one poisons it.
#[doc(alias = "Writer")]
#[doc(alias = "ChannelOutput")]
#[doc(alias = "Chanout")]
pub struct Sender<T> {
    end: End,
    /// Invariant in `T`, and `Send` only by the declaration below.
    message: PhantomData<*mut T>,
}

// SAFETY: an end moves messages between threads, and shares none: `T: Send` is what that takes.
unsafe impl<T: Send> Send for Sender<T> {}
// SAFETY: as above; every operation through `&self` goes through the channel's lock.
unsafe impl<T: Send> Sync for Sender<T> {}

impl<T> Sender<T> {
    pub(super) fn first(channel: Arc<Channel>) -> Self {
        channel.add_end(Side::Senders);
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

    /// Leaves the channel. The last sender to leave retires it. The same as dropping the end, which may also poison.
    pub fn retire(self) {
        let this = ManuallyDrop::new(self);
        this.end.channel.drop_end(Side::Senders);
        // SAFETY: `this` is never dropped, so the reference is given up once.
        drop(unsafe { std::ptr::read(&this.end.channel) });
    }

    /// Ends the channel for everybody, at once: all operations fail with [`Stopped::Poisoned`], except that receivers
    /// first get what a buffer holds.
    pub fn poison(&self) {
        let cause = current(|context| Cause::new(CauseKind::Explicit, context.name()));
        self.poison_for(cause);
    }

    pub(crate) fn poison_for(&self, cause: Cause) {
        self.end.channel.poison(Side::Senders, cause);
    }
}

impl<T: Send> Sender<T> {
    /// Sends `value`.
    ///
    /// # Blocking
    /// Until a receiver has it, or the buffer; or the channel ends.
    ///
    /// # Errors
    /// If the channel ends first. The value is dropped; [`send_or_return`](Self::send_or_return) gives it back.
    ///
    /// # Panics
    /// In the expression of an output guard; outside any process, if a deadlock ends it; and between OS processes, if the message is
    /// larger than [`Refusal::TooLarge`] says, which `send_or_return` reports instead.
    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn send(&self, value: T) -> Result<(), Stopped> {
        let at = Location::caller();
        self.send_or_return(value).map_err(|error| stopped(error.reason, at))
    }

    /// Sends `value`, or gives it back.
    ///
    /// # Blocking
    /// As [`send`](Self::send).
    ///
    /// # Errors
    /// If the channel ends first, with the value.
    ///
    /// # Panics
    /// As [`send`](Self::send).
    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn send_or_return(&self, value: T) -> Result<(), SendError<T>> {
        let mut value = ManuallyDrop::new(value);
        let (place, at) = (std::ptr::from_mut(&mut *value).cast(), Location::caller());
        // SAFETY: the place holds a message until it has moved away.
        match unsafe { self.end.channel.communicate_patiently(Kind::Send, place, size_of::<T>(), at) } {
            Ok(()) => Ok(()),
            Err(reason) => Err(SendError { value: ManuallyDrop::into_inner(value), reason }),
        }
    }

    /// Sends `value` if a receiver waits for it, or the buffer has room.
    ///
    /// # Errors
    /// If nobody is ready, or the channel has ended, with the value.
    ///
    /// # Panics
    /// In the expression of an output guard.
    #[track_caller]
    pub fn try_send(&self, value: T) -> Result<(), SendError<T>> {
        self.send_for(value, Patience::Never, Location::caller())
    }

    /// Sends `value` if that is possible within `timeout`; never gives up early.
    ///
    /// # Errors
    /// If it is not, or the channel ends, with the value.
    ///
    /// # Panics
    /// In the expression of an output guard.
    #[track_caller]
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendError<T>> {
        let patience = Instant::now().checked_add(timeout).map_or(Patience::Forever, Patience::Until);
        self.send_for(value, patience, Location::caller())
    }

    /// Sends `value` if that is possible before `deadline`; never gives up early.
    ///
    /// # Errors
    /// If it is not, or the channel ends, with the value.
    ///
    /// # Panics
    /// In the expression of an output guard.
    #[track_caller]
    pub fn send_deadline(&self, value: T, deadline: Instant) -> Result<(), SendError<T>> {
        self.send_for(value, Patience::Until(deadline), Location::caller())
    }

    fn send_for(&self, value: T, patience: Patience, at: &'static Location<'static>) -> Result<(), SendError<T>> {
        let mut value = ManuallyDrop::new(value);
        let place = std::ptr::from_mut(&mut *value).cast();
        // SAFETY: the place holds a message until it has moved away.
        match unsafe { self.end.channel.communicate(Kind::Send, place, patience, at) } {
            Ok(_) => Ok(()),
            Err(reason) => Err(SendError { value: ManuallyDrop::into_inner(value), reason }),
        }
    }
}

/// Why an operation that waits for ever failed: because the channel has ended.
///
/// # Panics
/// If the message is too large.
#[cold]
fn stopped(reason: Refusal, at: &Location<'_>) -> Stopped {
    match reason {
        Refusal::Stopped(stopped) => stopped,
        Refusal::TooLarge { .. } => panic!("{at}: {reason}"),
        Refusal::NotReady | Refusal::TimedOut => Stopped::Retired,
    }
}

impl<T> Clone for Sender<T> {
    /// One more end of the same channel. What `alt!` remembers for fairness starts anew.
    fn clone(&self) -> Self {
        Self::first(self.end.channel.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        #[cfg(feature = "backend-processes")]
        if crate::process::released::keeps_from_leaving(&self.end.channel, Side::Senders) {
            return;
        }
        if let Some(cause) = current(|context| context.poison_on_drop()) {
            self.poison_for(cause);
        }
        self.end.channel.drop_end(Side::Senders);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Sender of {}", self.end.channel.phrase())
    }
}
