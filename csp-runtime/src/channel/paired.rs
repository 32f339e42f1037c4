//! What is left to be ended by an operation that has succeeded.

use crate::rendezvous::home::Home;
use crate::rendezvous::local::Local;

/// What an extended input, or a chosen output guard, left to be ended: the partner, or a place in the buffer.
#[derive(Default)]
pub(crate) struct Paired {
    pub(crate) partner: Option<<Local as Home>::Link>,
    pub(crate) kept: bool,
    /// Of a channel in the arena, whatever it is.
    #[cfg(feature = "backend-processes")]
    pub(crate) shared: Option<crate::shared::operation::Kept>,
}

impl Paired {
    /// What an entry in this process's memory was left with.
    pub(crate) fn of_local((partner, kept): (Option<<Local as Home>::Link>, bool)) -> Self {
        Self {
            partner,
            kept,
            #[cfg(feature = "backend-processes")]
            shared: None,
        }
    }

    #[cfg(feature = "backend-processes")]
    pub(crate) fn of_shared(kept: crate::shared::operation::Kept) -> Self {
        Self { shared: Some(kept), ..Self::default() }
    }
}
