//! An end passes from one owner to the next by a ticket, a number that can stand in a message's bytes.
//!
//! It counts as an end of its channel all the while, so the channel does not retire in between. Without forked processes it stays in
//! its OS process.

use std::any::Any;

use super::{Receiver, Sender};
use crate::cloakroom::Cloakroom;
use crate::message::{Malformed, Message};

/// Ends of any message type, and of both sides.
// FORK: only in builds that do not fork.
static HANDED_OVER: Cloakroom<Box<dyn Any + Send>> = Cloakroom::new();

/// Gives the sender away for a ticket.
pub(crate) fn hand_over_sender<T: Message>(sender: Sender<T>) -> u64 {
    HANDED_OVER.hand_over(Box::new(sender))
}

/// Gives the receiver away for a ticket.
pub(crate) fn hand_over_receiver<T: Message>(receiver: Receiver<T>) -> u64 {
    HANDED_OVER.hand_over(Box::new(receiver))
}

/// The sender of this ticket.
pub(crate) fn take_over_sender<T: Message>(ticket: u64) -> Result<Sender<T>, Malformed> {
    take_over(ticket)
}

/// The receiver of this ticket.
pub(crate) fn take_over_receiver<T: Message>(ticket: u64) -> Result<Receiver<T>, Malformed> {
    take_over(ticket)
}

/// Drops the end of a ticket that nobody will come with: it leaves its channel.
pub(crate) fn abandon_end(ticket: u64) {
    drop(HANDED_OVER.take_over(ticket, |_| true));
}

/// The same.
pub(crate) fn lose_end(ticket: u64) {
    abandon_end(ticket);
}

fn take_over<E: Any>(ticket: u64) -> Result<E, Malformed> {
    let end = HANDED_OVER.take_over(ticket, |end| end.is::<E>()).and_then(|end| end.downcast().ok());
    end.map(|end| *end).ok_or(Malformed::new("there is no such end of a channel"))
}
