//! What a deadlock report says about a choice that waits.

use std::panic::Location;

use super::choose::Choice;
use super::guard::Guard;
use crate::deadlock::Operation;
use crate::error::Cause;
use crate::rendezvous::core::Side;
use crate::rendezvous::offer::Offer;

/// A choice that waits, for the deadlock report.
pub(super) struct Waiting<'w, 'c, 'g> {
    pub(super) choice: &'w Choice<'c, 'g>,
    pub(super) offer: &'w Offer,
}

impl Operation for Waiting<'_, '_, '_> {
    fn is_pending(&self) -> bool {
        self.offer.decision.is_pending()
    }

    fn describe(&self, report: &mut dyn std::fmt::Write) -> std::fmt::Result {
        write!(report, "waits in a choice at {}:", self.choice.at)?;
        for communication in self.choice.guards.iter().filter_map(Guard::communication) {
            let direction = if communication.kind.is_sending() { "to send to" } else { "to receive from" };
            write!(report, "\n      {direction} {}", communication.channel().phrase())?;
        }
        Ok(())
    }

    fn at(&self) -> Option<&'static Location<'static>> {
        Some(self.choice.at)
    }

    fn end(&self, cause: &Cause) {
        for communication in self.choice.guards.iter().filter_map(Guard::communication) {
            communication.channel().poison(Side::Senders, cause.clone());
        }
    }
}
