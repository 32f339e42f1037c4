//! Ends that pass from one process to another: with a process that is forked, or in a message.

use std::any::TypeId;

use super::census::{self, Slot};
use super::channel::{After, ChannelLink, Holding, Lock, TICKET, give, holding_in, index};
use crate::arena::{Block, Full, Kind, Purpose, arena};
use crate::error::Cause;
use crate::rendezvous::core::Side;

/// Room for one holding, taken before the lock is: so a full arena is told while nothing has changed, and nobody waits for a lock that its holder
/// has left. Until it is in the list it is ours, and is swept with us if we die.
#[derive(Default)]
pub(super) struct Room(Option<Block>);

/// A step needs room for a holding. It has changed nothing.
pub(super) struct NoRoom;

impl Room {
    pub(super) fn take() -> Result<Self, Full> {
        let owner = census::me().owner();
        Ok(Self(Some(arena().allocate(size_of::<Holding>(), Kind::Blank, owner, Purpose::Certain)?)))
    }

    pub(super) fn use_up(&mut self) -> Result<Block, NoRoom> {
        self.0.take().ok_or(NoRoom)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.0.into_iter().for_each(|block| arena().free(block));
    }
}

impl ChannelLink {
    /// A [`step`](Self::step) that may need room for a holding: it asks before it changes anything, and is done again with some.
    pub(super) fn step_with_room<R>(
        self,
        mut room: Room,
        step: impl Fn(&mut Room, &Lock, &mut After) -> Result<R, NoRoom>,
    ) -> Result<R, Full> {
        loop {
            if let Ok(result) = self.step(|lock, after| step(&mut room, lock, after)) {
                return Ok(result);
            }
            room = Room::take()?;
        }
    }

    /// An end that came along to this process unseen becomes its own.
    ///
    /// # Panics
    /// If the arena is full.
    #[cold]
    #[inline(never)]
    pub(crate) fn adopt(self, side: Side) {
        let me = census::me();
        let adopted = self.step_with_room(Room::default(), |room, lock, after| {
            if self.find(me, lock).is_some_and(|own| own.ends[index(side)].get(lock) > 0) {
                return Ok(());
            }
            if let Some(from) = self.holding_with(me, side, lock) {
                let own = self.own_holding(room, lock)?;
                from.add(side, -1, lock);
                own.add(side, 1, lock);
                self.forget_empty(from, lock, after);
            }
            Ok(())
        });
        adopted.unwrap_or_else(|full| panic!("no end of {}: {full}", self.phrase()));
    }

    /// An end of this process passes to another one; `lent`: there is one more of it.
    pub(crate) fn pass(self, side: Side, to: &Slot, lent: bool) -> Result<(), Full> {
        self.step_with_room(Room::default(), |room, lock, after| {
            let holding = self.holding_of(to, room, lock)?;
            if lent {
                self.count(side, 1, lock);
            } else if let Some(from) = self.holding_with(census::me(), side, lock) {
                from.add(side, -1, lock);
                self.forget_empty(from, lock, after);
            }
            holding.add(side, 1, lock);
            Ok(())
        })
    }

    /// What [`pass`](Self::pass) did to this side is undone: the other process does not start. Needs no room.
    pub(crate) fn pass_back(self, side: Side, from: &Slot, lent: bool) {
        self.step(|lock, after| {
            let (theirs, own) = (self.find(from, lock), self.find(census::me(), lock));
            if lent {
                self.count(side, -1, lock);
            }
            match (theirs, own) {
                (Some(theirs), Some(own)) if !lent => {
                    own.add(side, 1, lock);
                    theirs.add(side, -1, lock);
                    self.forget_empty(theirs, lock, after);
                }
                // Ours has gone, as it was empty: theirs becomes ours, with what else is in it.
                (Some(theirs), None) if !lent => {
                    let block = arena().block_at(std::ptr::from_ref(theirs).cast());
                    block.into_iter().for_each(|block| give(block, census::me().owner(), lock));
                }
                (Some(holding), _) | (None, Some(holding)) if lent => {
                    holding.add(side, -1, lock);
                    self.forget_empty(holding, lock, after);
                }
                _ => {}
            }
        });
    }

    /// An end of this process goes on its way; the ticket for it.
    pub(crate) fn hand_over(self, side: Side) -> Result<u64, Full> {
        self.step_with_room(Room::take()?, |room, lock, after| {
            let ticket = self.new_holding(census::me(), 1, room, lock)?;
            if let Some(from) = self.holding_with(census::me(), side, lock) {
                from.add(side, -1, lock);
                self.forget_empty(from, lock, after);
            }
            ticket.ends[index(side)].set(1 | TICKET, lock);
            let block = arena().block_of(std::ptr::from_ref(ticket).cast()).map_or(0, Block::number);
            Ok(u64::from(block) | u64::from(self.number) << 32)
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

    /// The end of a ticket becomes this process's. None: there is no such ticket.
    ///
    /// # Errors
    /// If the arena is full: the end is still on its way.
    pub(crate) fn take_over(ticket: u64, side: Side, of: TypeId) -> Result<Option<Self>, Full> {
        let Some((channel, holding)) = Self::of_ticket(ticket, side).filter(|(channel, _)| channel.codec.is_of(of))
        else {
            return Ok(None);
        };
        channel.step_with_room(Room::default(), |room, lock, after| {
            let own = channel.own_holding(room, lock)?;
            holding.ends[index(side)].set(0, lock);
            own.add(side, 1, lock);
            channel.forget_empty(holding, lock, after);
            Ok(())
        })?;
        Ok(Some(channel))
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
