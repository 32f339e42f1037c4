//! Keeps what one owner has handed over for a ticket, until another one takes it over.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What was handed over and not taken over yet, by ticket. Tickets are not used again.
pub(crate) struct Cloakroom<T> {
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    things: BTreeMap<u64, T>,
    tickets: u64,
}

impl<T> Cloakroom<T> {
    pub(crate) const fn new() -> Self {
        Self { kept: Mutex::new(Kept { things: BTreeMap::new(), tickets: 0 }) }
    }

    /// Keeps `thing`. No ticket is 0.
    pub(crate) fn hand_over(&self, thing: T) -> u64 {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.tickets += 1;
        let ticket = kept.tickets;
        kept.things.insert(ticket, thing);
        ticket
    }

    /// What was handed over for `ticket`, if it is there and is what the caller expects; otherwise it stays.
    pub(crate) fn take_over(&self, ticket: u64, is_expected: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.things.get(&ticket).is_some_and(is_expected).then(|| kept.things.remove(&ticket))?
    }
}
