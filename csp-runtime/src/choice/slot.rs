//! Where a choice leaves what its chosen guard brought.

use std::cell::{Cell, UnsafeCell};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::Arc;

use super::commit::Commit;
use crate::channel::{Channel, Paired, Release};

/// What the chosen guard of a slot left, without its message type.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) chosen: Cell<bool>,
    /// For an extended input or an output.
    pub(super) channel: Cell<Option<Arc<Channel>>>,
    pub(super) paired: Cell<Paired>,
}

/// The place of an input guard's message; all guards of one branch share it, because one of them is chosen.
pub struct Slot<T> {
    pub(super) outcome: Outcome,
    message: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    /// An empty slot.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    pub fn new() -> Self {
        Self { outcome: Outcome::default(), message: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    pub(super) fn place(&self) -> *mut u8 {
        self.message.get().cast()
    }

    /// The message that the chosen input guard received.
    ///
    /// # Panics
    /// If none of the slot's guards was chosen, or it was asked before.
    pub fn take(&self) -> T {
        assert!(self.outcome.chosen.take(), "no guard of this slot was chosen");
        // SAFETY: `choose` says that a message has come to the slot, of the type that `input` makes the slot's; once.
        unsafe { self.message.get().cast::<T>().read() }
    }

    /// The message that the chosen extended input guard received, and what keeps its sender.
    ///
    /// # Panics
    /// If none of the slot's guards was chosen, or it was asked before.
    pub fn take_extended(&self) -> (T, Release<T>) {
        let Some(channel) = self.outcome.channel.take() else { panic!("no guard of this slot was chosen") };
        self.outcome.chosen.set(false);
        let release = Release::new(self.outcome.paired.take(), &channel);
        let place: *mut T = release.place().unwrap_or(self.message.get().cast());
        // SAFETY: `choose` says that a message has come to the slot, or lies with the sender that the release keeps; once.
        (unsafe { place.read() }, release)
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        if self.outcome.chosen.get() {
            if self.outcome.channel.get_mut().is_some() {
                drop(self.take_extended());
            } else {
                drop(self.take());
            }
        }
    }
}

/// Where an output guard finds its partner once it is chosen.
pub struct OutputSlot<T> {
    pub(super) outcome: Outcome,
    message: PhantomData<*mut T>,
}

impl<T: Send> OutputSlot<T> {
    /// An empty slot.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    pub fn new() -> Self {
        Self { outcome: Outcome::default(), message: PhantomData }
    }

    /// The right, and the duty, to give the partner of the chosen output guard its message.
    ///
    /// # Panics
    /// If none of the slot's guards was chosen, or it was asked before.
    pub fn commit(&self) -> Commit<T> {
        let Some(channel) = self.outcome.channel.take() else { panic!("no guard of this slot was chosen") };
        Commit::new(channel, self.outcome.paired.take())
    }
}
