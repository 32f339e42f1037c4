//! Ends that pass from one process to another: with a process that is forked, or in a message.

use std::any::TypeId;

use super::census::{self, Slot};
use super::channel::{ChannelLink, Holding, TICKET, holding_in, index};
use crate::arena::{Block, Kind, arena};
use crate::error::Cause;
use crate::rendezvous::core::Side;

impl ChannelLink {
    /// An end that came along to this process unseen becomes its own.
    #[cold]
    #[inline(never)]
    pub(crate) fn adopt(self, side: Side) {
        let me = census::me();
        self.step(|lock, after| {
            if self.find(me, lock).is_some_and(|own| own.ends[index(side)].get(lock) > 0) {
                return;
            }
            if let Some(from) = self.holding_with(me, side, lock) {
                from.add(side, -1, lock);
                self.own_holding(lock).add(side, 1, lock);
                self.forget_empty(from, lock, after);
            }
        });
    }

    /// An end of this process passes to another one; `lent`: there is one more of it.
    pub(crate) fn pass(self, side: Side, to: &Slot, lent: bool) {
        self.step(|lock, after| {
            if lent {
                self.count(side, 1, lock);
            } else if let Some(from) = self.holding_with(census::me(), side, lock) {
                from.add(side, -1, lock);
                self.forget_empty(from, lock, after);
            }
            let holding = match self.find(to, lock) {
                Some(holding) => holding,
                None => self.new_holding(to, 0, lock),
            };
            holding.add(side, 1, lock);
        });
    }

    /// What [`pass`](Self::pass) did to this side is undone: the other process does not start.
    pub(crate) fn pass_back(self, side: Side, from: &Slot, lent: bool) {
        self.step(|lock, after| {
            if let Some(holding) = self.find(from, lock) {
                holding.add(side, -1, lock);
                self.forget_empty(holding, lock, after);
            }
            if lent {
                self.count(side, -1, lock);
            } else {
                self.own_holding(lock).add(side, 1, lock);
            }
        });
    }

    /// An end of this process goes on its way; the ticket for it.
    pub(crate) fn hand_over(self, side: Side) -> u64 {
        self.step(|lock, after| {
            if let Some(from) = self.holding_with(census::me(), side, lock) {
                from.add(side, -1, lock);
                self.forget_empty(from, lock, after);
            }
            let ticket = self.new_holding(census::me(), 1, lock);
            ticket.ends[index(side)].set(1 | TICKET, lock);
            let block = arena().block_of(std::ptr::from_ref(ticket).cast()).map_or(0, Block::number);
            u64::from(block) | u64::from(self.number) << 32
        })
    }

    /// The channel and holding of a ticket.
    fn of_ticket(ticket: u64, side: Side) -> Option<(Self, &'static Holding)> {
        let block = arena().check(ticket as u32)?;
        if arena().kind(block) != Kind::Holding {
            return None;
        }
        let holding = holding_in(arena().payload(block).cast());
        let channel = arena().block_of(holding.channel.as_ptr().cast()).and_then(Self::in_block)?;
        let valid = channel.number == (ticket >> 32) as u32
            && channel.step(|lock, _| {
                let known = channel.each_holding(lock).any(|known| std::ptr::eq(known, holding));
                known && holding.ends[index(side)].get(lock) == 1 | TICKET
            });
        valid.then_some((channel, holding))
    }

    /// The end of a ticket becomes this process's.
    pub(crate) fn take_over(ticket: u64, side: Side, of: TypeId) -> Option<Self> {
        let (channel, holding) = Self::of_ticket(ticket, side).filter(|(channel, _)| channel.codec.is_of(of))?;
        channel.step(|lock, after| {
            holding.ends[index(side)].set(0, lock);
            channel.own_holding(lock).add(side, 1, lock);
            channel.forget_empty(holding, lock, after);
        });
        Some(channel)
    }

    /// The end of a ticket that nobody will come with is gone.
    pub(crate) fn abandon(ticket: u64, poison: Option<&Cause>) {
        for side in [Side::Senders, Side::Receivers] {
            if let Some((channel, holding)) = Self::of_ticket(ticket, side) {
                holding.release(channel, poison);
            }
        }
    }
}
