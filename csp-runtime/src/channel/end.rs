//! What both ends of a channel have: the channel, and what choices remember of the end.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::inner::Channel;

/// An end, without its direction and its message type.
pub(crate) struct End {
    pub(crate) channel: Arc<Channel>,
    /// When an `alt!` last chose this end, against the others of that `alt!`.
    pub(crate) stamp: AtomicU64,
}

impl End {
    pub(super) fn new(channel: Arc<Channel>) -> Self {
        Self { channel, stamp: AtomicU64::new(0) }
    }
}
