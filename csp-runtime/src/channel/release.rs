//! The end of an extended rendezvous: the sender, who was kept, goes on.

use std::marker::PhantomData;
use std::sync::Arc;

use super::inner::Channel;
use super::paired::Paired;
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::home::Home;
use crate::rendezvous::local::Local;
use crate::rendezvous::meet::dismiss;

/// Keeps the sender of an extended input waiting until it is dropped, on whatever path.
#[must_use]
pub struct Release<T> {
    paired: Paired,
    /// The channel in whose buffer a place is kept.
    kept: Option<Arc<Channel>>,
    message: PhantomData<*mut T>,
}

impl<T> Release<T> {
    /// For what an extended input on `channel` left behind.
    pub(crate) fn new(paired: Paired, channel: &Arc<Channel>) -> Self {
        let kept = paired.kept.then(|| channel.clone());
        Self { paired, kept, message: PhantomData }
    }

    /// Where the message is to be taken from, once: where it still lies, or in the slot.
    ///
    /// # Safety
    /// It was to be received into `slot`, and has been neither taken nor looked at.
    pub(crate) unsafe fn take(&mut self, slot: *mut T) -> *mut T {
        #[cfg(feature = "backend-processes")]
        if let Some(shared) = &mut self.paired.shared {
            // SAFETY: passed on.
            return unsafe { shared.take(slot.cast()) }.cast();
        }
        // SAFETY: the sender waits until we are dropped, so its entry is alive.
        self.paired.partner.map_or(slot, |link| unsafe { Local::entry(link) }.place.cast())
    }

    /// Where it is to be looked at, and whether it is to be dropped there.
    ///
    /// # Safety
    /// As for [`take`](Self::take).
    pub(crate) unsafe fn look(&mut self, slot: *mut T) -> (*mut T, bool) {
        #[cfg(feature = "backend-processes")]
        if let Some(shared) = &mut self.paired.shared {
            // SAFETY: passed on.
            let (place, drops) = unsafe { shared.look(slot.cast()) };
            return (place.cast(), drops);
        }
        // SAFETY: passed on.
        (unsafe { self.take(slot) }, true)
    }
}

impl<T> Drop for Release<T> {
    fn drop(&mut self) {
        #[cfg(feature = "backend-processes")]
        if let Some(shared) = self.paired.shared.take() {
            return shared.release();
        }
        if let Some(sender) = self.paired.partner {
            // SAFETY: paired with us, and completed by nobody else.
            unsafe { dismiss::<Local>(sender, Outcome::Met) };
        }
        if let Some(channel) = &self.kept {
            channel.core.release_kept_place(None);
        }
    }
}
