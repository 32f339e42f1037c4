//! The end of an extended rendezvous: the sender, who was kept, goes on.

use std::marker::PhantomData;
use std::sync::Arc;

use super::inner::{Channel, Paired};
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

    /// Where the message still lies, if it lies with the sender.
    pub(crate) fn place(&self) -> Option<*mut T> {
        #[cfg(feature = "backend-processes")]
        if let Some(shared) = &self.paired.shared {
            return shared.in_place().map(<*mut u8>::cast);
        }
        // SAFETY: the sender waits until we are dropped, so its entry is alive.
        self.paired.partner.map(|link| unsafe { Local::entry(link) }.place.cast())
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
