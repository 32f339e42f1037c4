//! What both ends of a channel have: the channel, and what choices remember of the end.

use std::sync::Arc;

use super::inner::Channel;
use crate::choice::Stamp;

/// An end, without its direction and its message type.
pub(crate) struct End {
    pub(crate) channel: Arc<Channel>,
    /// When an `alt!` last chose this end.
    pub(crate) stamp: Stamp,
}

impl End {
    pub(super) fn new(channel: Arc<Channel>) -> Self {
        Self { channel, stamp: Stamp::new() }
    }
}
