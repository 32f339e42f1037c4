//! A channel held by a chosen output guard until its value is there, without being counted: neither as an end nor as a reference. That would
//! take four atomic operations a message.
//!
//! The channel notes under its lock how many such leases there are. As long as one of its senders is there, that one keeps the
//! channel. The last one, if it is dropped while the value is made, leaves its place and its reference to the leases; the last of them drops
//! both.

use std::ptr::NonNull;
use std::sync::Arc;

use super::inner::Channel;
use crate::rendezvous::bias::Owner;
use crate::rendezvous::core::Side;
use crate::rendezvous::home::Home;
use crate::rendezvous::local::Local;

/// One lease. Not `Send`: it ends on the thread on which it began.
pub(crate) struct Lease {
    channel: NonNull<Channel>,
    /// The receiver that is to get the value, a coroutine of this worker.
    receiver: <Local as Home>::Link,
}

impl Lease {
    /// A lease, and the receiver that it is for, if a plain one waits on `channel`, to whose senders the caller belongs, who runs on `me`, and only coroutines of this worker have used it.
    #[inline(always)]
    pub(crate) fn of_waiting_receiver(me: Owner, channel: &Arc<Channel>) -> Option<Self> {
        let receiver = channel.core.lease_to_neighbour(me)?;
        Some(Self { channel: NonNull::from(&**channel), receiver })
    }

    #[inline(always)]
    pub(crate) fn channel(&self) -> &Channel {
        // SAFETY: while there is a lease, the last sender leaves its reference behind.
        unsafe { self.channel.as_ref() }
    }

    /// Takes the receiver out, which the caller is to complete.
    #[inline(always)]
    pub(crate) fn receiver(&self) -> <Local as Home>::Link {
        self.receiver
    }
}

impl Drop for Lease {
    #[inline(always)]
    fn drop(&mut self) {
        // Nothing of the channel is used behind the lock: it may be gone, unless it was left to us.
        if self.channel().core.end_lease() {
            // SAFETY: the last sender has left its reference, and this is the last lease.
            drop_what_was_left(unsafe { Arc::from_raw(self.channel.as_ptr()) });
        }
    }
}

#[cold]
fn drop_what_was_left(channel: Arc<Channel>) {
    channel.core.retire(Side::Senders);
}
