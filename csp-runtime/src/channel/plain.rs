//! What every plain operation asks before it begins, and what a deadlock report says of one that waits.

use std::fmt;
use std::panic::Location;

use super::inner::Channel;
use crate::deadlock::Operation;
use crate::error::{Cause, CauseKind, Stopped};
use crate::process::context::Context;
use crate::rendezvous::core::Side;
use crate::rendezvous::offer::{Kind, Offer};

/// Refuses operations in a `Drop` while unwinding, and in the expression of an output guard. Of a coroutine that does one after the other, and never waits,
/// others of its worker have their turns here.
///
/// # Panics
/// In an output guard's expression.
#[inline]
pub(crate) fn may_communicate(context: &Context, at: &Location<'_>) -> Result<(), Stopped> {
    if std::thread::panicking() {
        return Err(Stopped::Poisoned(Cause::new(CauseKind::Unwinding, context.name())));
    }
    assert!(
        !context.is_committing(),
        "{at}: the expression of an output guard may not communicate, because its partner is waiting for the value; \
         compute the value before the `alt!`, or communicate in the branch's body"
    );
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    if context.is_hosted() {
        crate::backend::begin_operation(context);
    }
    Ok(())
}

/// A plain operation that waits, for the deadlock report.
pub(crate) struct Plain<'a> {
    pub(crate) channel: &'a Channel,
    pub(crate) offer: &'a Offer,
    pub(crate) kind: Kind,
    pub(crate) at: &'static Location<'static>,
}

impl Operation for Plain<'_> {
    fn is_pending(&self) -> bool {
        self.offer.decision.is_pending()
    }

    fn describe(&self, report: &mut dyn fmt::Write) -> fmt::Result {
        let direction = if self.kind.is_sending() { "to send to" } else { "to receive from" };
        write!(report, "waits {direction} {}, at {}", self.channel.phrase(), self.at)
    }

    fn at(&self) -> Option<&'static Location<'static>> {
        Some(self.at)
    }

    fn end(&self, cause: &Cause) {
        self.channel.poison(Side::Senders, cause.clone());
    }
}
