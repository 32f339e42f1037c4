//! What few channels have, together, so that the others, of which there may be a million, hold no room for it.

use std::sync::OnceLock;

use super::oddity::Oddity;
use crate::error::Cause;

/// Nothing, at first.
#[derive(Default)]
pub(super) struct Rare(OnceLock<Box<Parts>>);

#[derive(Default)]
struct Parts {
    oddity: Oddity,
    cause: OnceLock<Cause>,
    name: OnceLock<Box<str>>,
}

impl Rare {
    fn parts(&self) -> &Parts {
        self.0.get_or_init(Box::default)
    }

    /// From now on a choice that has the channel among others must look at it: see [`Oddity`].
    pub(super) fn mark_as_odd(&self) {
        self.parts().oddity.mark();
    }

    #[cfg(all(test, loom))]
    pub(super) fn is_odd(&self) -> bool {
        self.0.get().is_some_and(|parts| parts.oddity.is_marked())
    }

    /// The first cause of poison stays.
    pub(super) fn set_cause(&self, cause: Cause) {
        let _ = self.parts().cause.set(cause);
    }

    pub(super) fn cause(&self) -> Option<&Cause> {
        self.0.get()?.cause.get()
    }

    /// The first name stays.
    pub(super) fn set_name(&self, name: &str) {
        let _ = self.parts().name.set(name.into());
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.0.get()?.name.get().map(|name| &**name)
    }
}
