//! Where a choice leaves what its chosen guard brought.

use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Arc;

use super::commit::{Commit, Hold};
use crate::channel::{Channel, Paired, Release};

/// What the chosen guard of a slot left, without its message type. Cheap to make, and to drop empty.
pub(super) struct Outcome {
    left: Cell<Left>,
    /// How far behind this, in its slot, the place of its message is.
    pub(super) message_at: usize,
    /// There, if `left` says so.
    hold: UnsafeCell<MaybeUninit<Hold>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    /// An input's message.
    Message,
    /// Of an extended input, or an output: what keeps the channel, and the partner or whatever else there is to be ended.
    Hold,
}

impl Outcome {
    #[inline(always)]
    fn of_slot(message_at: usize) -> Self {
        Self { left: Cell::new(Left::Nothing), message_at, hold: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// A message has come to the place of the slot, of the slot's type.
    #[inline(always)]
    pub(super) fn leave_message(&self) {
        self.left.set(Left::Message);
    }

    /// The guard is an extended input, or an output.
    #[inline(always)]
    pub(super) fn leave(&self, hold: Hold) {
        // SAFETY: nobody looks at it now.
        let place = unsafe { &mut *self.hold.get() };
        place.write(hold);
        self.left.set(Left::Hold);
    }

    /// The same, of a channel that is to be held like any other.
    pub(super) fn leave_counted(&self, channel: &Arc<Channel>, paired: Paired) {
        self.leave(Hold::counted(channel.clone(), paired));
    }

    #[inline(always)]
    fn take(&self, expected: Left) -> bool {
        self.left.replace(Left::Nothing) == expected
    }

    /// # Panics
    /// If there is none.
    #[inline(always)]
    fn take_hold(&self) -> Hold {
        assert!(self.take(Left::Hold), "no guard of this slot was chosen");
        // SAFETY: nobody else looks at it now.
        let place = unsafe { &*self.hold.get() };
        // SAFETY: it was there, and is taken once.
        unsafe { place.assume_init_read() }
    }
}

/// The place of an input guard's message; all guards of one branch share it, because one of them is chosen.
#[repr(C)]
pub struct Slot<T> {
    outcome: Outcome,
    message: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    /// An empty slot.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn new() -> Self {
        let message_at = std::mem::offset_of!(Self, message);
        Self { outcome: Outcome::of_slot(message_at), message: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// The slot, of which the outcome is the first part, without its type.
    #[inline(always)]
    pub(super) fn erased(&self) -> NonNull<Outcome> {
        NonNull::from(self).cast()
    }

    /// The message that the chosen input guard received.
    ///
    /// # Panics
    /// If none of the slot's guards was chosen, or it was asked before.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn take(&self) -> T {
        assert!(self.outcome.take(Left::Message), "no guard of this slot was chosen");
        // SAFETY: `choose` says that a message has come to the slot, of the type that `input` makes the slot's; once.
        unsafe { self.message.get().cast::<T>().read() }
    }

    /// The message that the chosen extended input guard received, and what keeps its sender.
    ///
    /// # Panics
    /// If none of the slot's guards was chosen, or it was asked before.
    pub fn take_extended(&self) -> (T, Release<T>) {
        let (channel, paired) = self.outcome.take_hold().into_counted();
        let mut release = Release::new(paired, &channel);
        // SAFETY: this is the slot that the guard was made for, and here alone its message is taken.
        let place: *mut T = unsafe { release.take(self.message.get().cast()) };
        // SAFETY: `choose` says that a message has come to the slot, or lies with the sender that the release keeps; once.
        (unsafe { place.read() }, release)
    }

    /// Drops what nobody has taken.
    #[cold]
    fn drop_what_is_left(&self) {
        match self.outcome.left.get() {
            Left::Nothing => {}
            Left::Message => drop(self.take()),
            Left::Hold => drop(self.take_extended()),
        }
    }
}

impl<T> Drop for Slot<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.outcome.left.get() != Left::Nothing {
            self.drop_what_is_left();
        }
    }
}

/// Where an output guard finds its partner once it is chosen.
#[repr(C)]
pub struct OutputSlot<T: Send> {
    outcome: Outcome,
    message: PhantomData<*mut T>,
}

impl<T: Send> OutputSlot<T> {
    /// An empty slot.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    #[inline(always)]
    pub fn new() -> Self {
        // There is no message; an empty slot that is all zeros would be written whole.
        let behind = std::mem::offset_of!(Self, message);
        Self { outcome: Outcome::of_slot(behind), message: PhantomData }
    }

    /// As [`Slot::erased`].
    #[inline(always)]
    pub(super) fn erased(&self) -> NonNull<Outcome> {
        NonNull::from(self).cast()
    }

    /// The right, and the duty, to give the partner of the chosen output guard its message.
    ///
    /// # Panics
    /// If none of the slot's guards was chosen, or it was asked before.
    #[inline(always)]
    pub fn commit(&self) -> Commit<T> {
        Commit::new(self.outcome.take_hold())
    }

    /// The partner may not wait for ever.
    #[cold]
    fn abandon(&self) {
        drop(self.commit());
    }
}

impl<T: Send> Drop for OutputSlot<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.outcome.left.get() != Left::Nothing {
            self.abandon();
        }
    }
}
