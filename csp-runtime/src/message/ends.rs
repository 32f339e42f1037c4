//! The ends of channels: a ticket crosses, and the end moves to whoever takes it over.

use super::region::{NOTE, TicketKind};
use super::{Decoder, Encoder, Malformed, Message};
use crate::channel::{self, Receiver, Sender};
use crate::process::Visitor;
use crate::rendezvous::core::Side;

impl<T: Message> Message for Sender<T> {
    fn __encoded_len(&self) -> usize {
        NOTE
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        out.ticket(TicketKind::Sender, channel::hand_over_sender(self));
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        channel::take_over_sender(input.ticket(TicketKind::Sender)?)
    }

    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        visitor.end(self.channel(), Side::Senders);
    }
}

impl<T: Message> Message for Receiver<T> {
    fn __encoded_len(&self) -> usize {
        NOTE
    }

    fn __encode(self, out: &mut Encoder<'_>) {
        out.ticket(TicketKind::Receiver, channel::hand_over_receiver(self));
    }

    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed> {
        channel::take_over_receiver(input.ticket(TicketKind::Receiver)?)
    }

    fn __each_end(&self, visitor: &mut Visitor<'_>) {
        visitor.end(self.channel(), Side::Receivers);
    }
}
