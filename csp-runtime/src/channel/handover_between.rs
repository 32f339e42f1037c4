//! An end passes from one process to another by a ticket, a number that can stand in a message's bytes.
//!
//! It counts as an end of its channel all the while, so the channel does not retire in between.

use std::any::TypeId;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use super::{Channel, Immovable, Receiver, Sender};
use crate::message::{Malformed, Message};
use crate::process::here::current;
use crate::rendezvous::core::Side;
use crate::shared::channel::ChannelLink;

/// Gives the sender away for a ticket.
pub(crate) fn hand_over_sender<T: Message>(sender: Sender<T>) -> u64 {
    let ticket = hand_over(sender.channel(), Side::Senders);
    let sender = ManuallyDrop::new(sender);
    // SAFETY: `sender` is never dropped, so the reference is given up once; its count has gone along.
    drop(unsafe { std::ptr::read(sender.channel()) });
    ticket
}

/// Gives the receiver away for a ticket.
pub(crate) fn hand_over_receiver<T: Message>(receiver: Receiver<T>) -> u64 {
    let ticket = hand_over(receiver.channel(), Side::Receivers);
    let receiver = ManuallyDrop::new(receiver);
    // SAFETY: `receiver` is never dropped, so the reference is given up once; its count has gone along.
    drop(unsafe { std::ptr::read(receiver.channel()) });
    ticket
}

/// The sender of this ticket.
pub(crate) fn take_over_sender<T: Message>(ticket: u64) -> Result<Sender<T>, Malformed> {
    take_over::<T>(ticket, Side::Senders).map(Sender::counted)
}

/// The receiver of this ticket.
pub(crate) fn take_over_receiver<T: Message>(ticket: u64) -> Result<Receiver<T>, Malformed> {
    take_over::<T>(ticket, Side::Receivers).map(Receiver::counted)
}

/// Drops the end of a ticket that nobody will come with: it leaves its channel.
pub(crate) fn abandon_end(ticket: u64) {
    ChannelLink::abandon(ticket, None);
}

/// As [`abandon_end`], of an end that goes as if it had been dropped here.
pub(crate) fn lose_end(ticket: u64) {
    let cause = current(|context| context.poison_on_drop());
    ChannelLink::abandon(ticket, cause.as_ref());
}

/// The end is still there until this returns, so that unwinding drops it.
///
/// # Panics
/// If the channel cannot leave this process.
fn hand_over(channel: &Channel, side: Side) -> u64 {
    match channel.move_to_arena().and_then(|link| link.hand_over(side).map_err(Immovable::Full)) {
        Ok(ticket) => ticket,
        Err(why) => panic!("an end of {} cannot be sent to another OS process: {why}", channel.phrase()),
    }
}

/// # Panics
/// If the arena is full: the end is still on its way.
fn take_over<T: Message>(ticket: u64, side: Side) -> Result<Arc<Channel>, Malformed> {
    let link = ChannelLink::take_over(ticket, side, TypeId::of::<T>());
    let link = link.unwrap_or_else(|full| panic!("an end of a channel cannot be received: {full}"));
    link.map(Channel::of_link).ok_or(Malformed::new("there is no such end of a channel"))
}
