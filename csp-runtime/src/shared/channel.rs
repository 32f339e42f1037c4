//! A channel in the arena: the protocol's core, who holds ends of it, and what reports say about it.

use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use super::census::{self, Slot};
use super::home::Shared;
use super::message::Codec;
use super::passing::{NoRoom, Room};
use super::ring::Ring;
use super::text::Text;
use crate::arena::{Block, Full, Kind, Owner, Purpose, arena};
use crate::error::{Cause, CauseKind};
use crate::rendezvous::core::{Core, Side, Wakes};
use crate::rendezvous::home::{Buffer, Home};
use crate::sync::{Guarded, Held, Journal, step};

/// A channel that several processes may have ends of.
#[repr(C)]
pub(crate) struct SharedChannel {
    pub(crate) core: Core<Shared>,
    /// Ends of each side, wherever they are.
    ends: [Guarded<u32>; 2],
    /// The processes that hold ends, and the ends that are on their way.
    holdings: Guarded<Option<NonNull<Holding>>>,
    pub(super) number: u32,
    pub(crate) codec: &'static Codec,
    made_at: &'static Location<'static>,
    name: Text,
    cause_kind: AtomicU32,
    cause: Text,
}

/// How many ends of a channel a process has; or one end that is on its way in a message.
#[repr(C)]
pub(crate) struct Holding {
    pub(super) channel: NonNull<SharedChannel>,
    next: Guarded<Option<NonNull<Holding>>>,
    pub(super) ends: [Guarded<u32>; 2],
    /// Not 0: it is an end on its way, and never anything else.
    ticket: u32,
}

pub(super) type Lock = Held<<Shared as Home>::Journal>;

/// What a step leaves to be done once the lock is released.
#[derive(Default)]
pub(super) struct After {
    wakes: Wakes<Shared>,
    leftovers: Vec<super::ring::Leftovers>,
    freed: Vec<Block>,
    /// Nobody has an end any more.
    close: bool,
}

pub(super) fn index(side: Side) -> usize {
    match side {
        Side::Senders => 0,
        Side::Receivers => 1,
    }
}

/// What a process knows about a channel in the arena.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChannelLink(NonNull<SharedChannel>);

// SAFETY: all that is reached by it is shared, and made for that.
unsafe impl Send for ChannelLink {}
// SAFETY: as above.
unsafe impl Sync for ChannelLink {}

impl std::ops::Deref for ChannelLink {
    type Target = SharedChannel;

    #[inline]
    fn deref(&self) -> &SharedChannel {
        // SAFETY: whoever has a link has an end, which keeps the channel; blocks stay mapped.
        unsafe { self.0.as_ref() }
    }
}

impl ChannelLink {
    pub(crate) fn new(
        capacity: usize,
        codec: &'static Codec,
        name: Option<&str>,
        made_at: &'static Location<'static>,
    ) -> Result<Self, Full> {
        let size = codec.transit();
        let buffer = match capacity {
            0 => None,
            _ => Some((Ring::new(capacity, size).ok_or_else(|| arena().full(capacity.saturating_mul(64)))?, capacity)),
        };
        let ring = buffer.as_ref().map(|(ring, _)| ring.block());
        // Ours until somebody holds an end of it.
        let owner = census::me().owner();
        let block = arena().allocate(size_of::<SharedChannel>(), Kind::Blank, owner, Purpose::Certain);
        let block = block.inspect_err(|_| ring.into_iter().for_each(|ring| arena().free(ring)))?;
        let place = arena().payload(block).cast::<SharedChannel>();
        let channel = SharedChannel {
            core: Core::new(size, buffer),
            ends: [Guarded::new(0), Guarded::new(0)],
            holdings: Guarded::new(None),
            number: census::census().channels.fetch_add(1, Ordering::Relaxed),
            codec,
            made_at,
            name: Text::new(name.unwrap_or("")),
            cause_kind: AtomicU32::new(u32::MAX),
            cause: Text::new(""),
        };
        // SAFETY: a new block, long enough and aligned.
        unsafe { place.write(channel) };
        arena().set_kind(block, Kind::Channel);
        Ok(Self(place))
    }

    /// The channel in this block, if it is one.
    pub(super) fn in_block(block: Block) -> Option<Self> {
        // One that is somebody's has no ends: it is not there yet, or not any more.
        let is_common = arena().owner(block).load(Ordering::Relaxed) == Owner::COMMON.number();
        (is_common && arena().kind(block) == Kind::Channel).then(|| Self(arena().payload(block).cast()))
    }

    pub(super) fn block(self) -> u32 {
        arena().block_at(self.0.as_ptr().cast()).map_or(0, Block::number)
    }

    pub(crate) fn as_ptr(self) -> *mut SharedChannel {
        self.0.as_ptr()
    }

    /// # Safety
    /// `place` came from `as_ptr`.
    pub(crate) unsafe fn from_ptr(place: *mut SharedChannel) -> Option<Self> {
        NonNull::new(place).map(Self)
    }

    /// One more end here.
    ///
    /// # Panics
    /// If the arena is full.
    pub(crate) fn add_end(self, side: Side) {
        let added = self.step_with_room(Room::default(), |room, lock, _| {
            self.own_holding(room, lock)?.add(side, 1, lock);
            self.count(side, 1, lock);
            Ok(())
        });
        added.unwrap_or_else(|full| panic!("no end of {}: {full}", self.phrase()));
    }

    /// One end here is gone: the last one of its side anywhere retires the channel, the very last one frees it.
    pub(crate) fn drop_end(self, side: Side) {
        let me = census::me();
        self.step(|lock, after| {
            if let Some(holding) = self.holding_with(me, side, lock) {
                holding.add(side, -1, lock);
                self.forget_empty(holding, lock, after);
            }
            if self.count(side, -1, lock) == 0 {
                after.leftovers.extend(self.core.retire_within(side, lock, &mut after.wakes));
            }
            after.close = self.is_unused(lock);
        });
    }

    /// A step under the lock, then what must wait until it is released. Whoever takes the last end away frees the channel:
    /// nobody else touches it after letting go of the lock. The step must not unwind: what it needs room for is taken before.
    pub(super) fn step<R>(self, step: impl FnOnce(&Lock, &mut After) -> R) -> R {
        self.step_with(self.core.hold(), step)
    }

    /// [`step`](Self::step) under a lock that is held already.
    fn step_with<R>(self, lock: Lock, step: impl FnOnce(&Lock, &mut After) -> R) -> R {
        let mut after = After::default();
        let result = step(&lock, &mut after);
        if after.close {
            #[cfg(csp_steps)]
            assert_eq!(self.core.kept_places(&lock), 0, "a place is kept for nobody");
            // What nobody came for, where a retirement was cut short.
            after.leftovers.extend(self.core.buffer(&lock).map(|ring| ring.drain(&lock)));
            self.belong_to(census::me().owner(), &lock);
            after.freed.extend(self.blocks(&lock));
        }
        self.core.let_go(lock);
        for &(wake, sleep) in &after.wakes {
            Shared::unpark(wake, sleep);
        }
        after.freed.iter().for_each(|block| arena().free(*block));
        result
    }

    /// Where it lies.
    fn blocks(self, lock: &Lock) -> impl Iterator<Item = Block> {
        let ring = self.core.buffer(lock).map(|ring| ring.block());
        ring.into_iter().chain(arena().check(self.block()))
    }

    /// A channel without ends is its maker's, or whoever's who takes the last end away; so it goes with that one if it dies. All others are
    /// common.
    fn belong_to(self, owner: Owner, lock: &Lock) {
        self.blocks(lock).for_each(|block| give(block, owner, lock));
    }

    /// The lock was left by somebody who died, and this desk takes it over: the entries of the dead go, and what was final is finished.
    pub(super) fn mend(self, is_dead: impl Fn(*const crate::rendezvous::offer::Offer) -> bool) {
        self.core.lock_of().take_over(super::desk::desk().number());
        // SAFETY: taken over from the dead; `step_with` releases it.
        let lock = unsafe { Held::new(Shared::journal()) };
        self.step_with(lock, |lock, after| {
            self.core.mend(is_dead, lock, &mut after.wakes);
            after.close = self.is_unused(lock);
        });
    }

    fn is_unused(self, lock: &Lock) -> bool {
        self.ends.iter().all(|ends| ends.get(lock) == 0) && self.holdings.get(lock).is_none()
    }

    /// All that a process held of one side is gone.
    pub(super) fn drop_ends(self, holding: NonNull<Holding>, poison: Option<&Cause>) {
        let held = self.step(|lock, _| {
            let known = self.each_holding(lock).any(|known| std::ptr::eq(known, holding_in(holding)));
            known.then(|| holding_in(holding).ends[0].get(lock) > 0)
        });
        if let (Some(cause), Some(senders)) = (poison, held) {
            self.poison(if senders { Side::Senders } else { Side::Receivers }, cause);
        }
        self.step(|lock, after| {
            let holding = holding_in(holding);
            // What its maker had not put into the list, or had just taken out, holds nothing.
            if !self.each_holding(lock).any(|known| std::ptr::eq(known, holding)) {
                return after.freed.extend(arena().block_of(std::ptr::from_ref(holding).cast()));
            }
            let last = [Side::Senders, Side::Receivers].map(|side| {
                let held = holding.ends[index(side)].get(lock) & !TICKET;
                holding.ends[index(side)].set(0, lock);
                held > 0 && self.count(side, -i64::from(held), lock) == 0
            });
            self.forget_empty(holding, lock, after);
            // The retirement makes all of the above final. (If it is one of both sides, nobody is there to be told.)
            for side in [Side::Senders, Side::Receivers].into_iter().filter(|side| last[index(*side)]) {
                after.leftovers.extend(self.core.retire_within(side, lock, &mut after.wakes));
            }
            after.close = self.is_unused(lock);
        });
    }

    /// It was made for nothing.
    pub(crate) fn discard(self) {
        self.step(|lock, after| after.close = self.is_unused(lock));
    }

    pub(crate) fn set_name(self, name: &str) {
        self.step(|_, _| {
            if self.name.read().is_empty() {
                self.name.write(name);
            }
        });
    }

    pub(crate) fn made_at(self) -> &'static Location<'static> {
        self.made_at
    }

    pub(super) fn count(self, side: Side, change: i64, lock: &Lock) -> u32 {
        let ends = &self.ends[index(side)];
        let now = u32::try_from(i64::from(ends.get(lock)) + change).unwrap_or(0);
        ends.set(now, lock);
        now
    }

    /// The holding of this process, made if there is none.
    pub(super) fn own_holding(self, room: &mut Room, lock: &Lock) -> Result<&'static Holding, NoRoom> {
        self.holding_of(census::me(), room, lock)
    }

    /// The holding of a process, made if there is none.
    pub(super) fn holding_of(self, process: &Slot, room: &mut Room, lock: &Lock) -> Result<&'static Holding, NoRoom> {
        match self.find(process, lock) {
            Some(holding) => Ok(holding),
            None => self.new_holding(process, 0, room, lock),
        }
    }

    pub(super) fn new_holding(
        self,
        process: &Slot,
        ticket: u32,
        room: &mut Room,
        lock: &Lock,
    ) -> Result<&'static Holding, NoRoom> {
        let block = room.use_up()?;
        if self.holdings.get(lock).is_none() {
            self.belong_to(Owner::COMMON, lock);
        }
        let place = arena().payload(block).cast::<Holding>();
        let next = Guarded::new(self.holdings.get(lock));
        // SAFETY: a new block, long enough and aligned.
        unsafe { place.write(Holding { channel: self.0, next, ends: [Guarded::new(0), Guarded::new(0)], ticket }) };
        arena().set_kind(block, Kind::Holding);
        super::ownership::give(block, process.owner());
        self.holdings.set(Some(place), lock);
        Ok(holding_in(place))
    }

    pub(super) fn find(self, process: &Slot, lock: &Lock) -> Option<&'static Holding> {
        let owner = process.owner().number();
        self.each_holding(lock).find(|holding| holding.owner() == owner && !holding.is_ticket())
    }

    /// The holding from which an end that this process has is counted: its own, or the nearest ancestor's that did not know that
    /// the end went along to us.
    pub(super) fn holding_with(self, process: &Slot, side: Side, lock: &Lock) -> Option<&'static Holding> {
        let own = self.find(process, lock).filter(|own| own.ends[index(side)].get(lock) > 0);
        own.or_else(|| {
            let parent = census::slot_of(process.parent())?;
            self.holding_with(parent, side, lock)
        })
    }

    pub(super) fn each_holding(self, lock: &Lock) -> impl Iterator<Item = &'static Holding> {
        let mut next = self.holdings.get(lock);
        std::iter::from_fn(move || {
            let holding = holding_in(next?);
            next = holding.next.get(lock);
            Some(holding)
        })
    }

    /// Takes a holding without ends out of the list, and frees it.
    pub(super) fn forget_empty(self, holding: &Holding, lock: &Lock, after: &mut After) {
        if holding.ends.iter().any(|ends| ends.get(lock) > 0) {
            return;
        }
        let this = NonNull::from(holding);
        let mut link = &self.holdings;
        while let Some(next) = link.get(lock) {
            if next == this {
                link.set(holding.next.get(lock), lock);
                break;
            }
            link = &holding_in(next).next;
        }
        // Once this is final; if we die before, it is swept with all that is ours.
        if let Some(block) = arena().block_at(this.as_ptr().cast()) {
            give(block, census::me().owner(), lock);
            after.freed.push(block);
        }
    }

    pub(crate) fn poison(self, by: Side, cause: &Cause) {
        self.poison_quietly(by, cause).wake();
    }

    /// [`poison`](Self::poison), waking nobody yet.
    pub(super) fn poison_quietly(self, by: Side, cause: &Cause) -> Poisoned {
        self.step(|_, _| {
            if self.cause_kind.load(Ordering::Relaxed) == u32::MAX {
                self.cause.write(cause.process());
                step();
                self.cause_kind.store(cause.kind() as u32, Ordering::Relaxed);
            }
        });
        let lock = self.core.hold();
        let mut wakes = Wakes::<Shared>::new();
        let leftovers = self.core.poison_within(by, &lock, &mut wakes);
        self.core.let_go(lock);
        Poisoned { wakes, _leftovers: leftovers }
    }

    pub(crate) fn cause(self) -> Cause {
        self.step(|_, _| {
            let kind = CauseKind::of_number(self.cause_kind.load(Ordering::Relaxed)).unwrap_or(CauseKind::Explicit);
            Cause::new(kind, &self.cause.read())
        })
    }

    pub(crate) fn phrase(self) -> String {
        let name = self.name.read();
        crate::deadlock::channel_phrase((!name.is_empty()).then_some(&*name), self.made_at)
    }
}

/// A channel that was poisoned: those who waited, and what was in its buffer.
pub(super) struct Poisoned {
    wakes: Wakes<Shared>,
    _leftovers: Option<super::ring::Leftovers>,
}

impl Poisoned {
    pub(super) fn wake(self) {
        for &(wake, sleep) in &self.wakes {
            Shared::unpark(wake, sleep);
        }
    }
}

/// The holding is one end on its way.
pub(super) const TICKET: u32 = 1 << 31;

/// From here on a block is `owner`'s, if this step becomes final.
pub(super) fn give(block: Block, owner: Owner, lock: &Lock) {
    let word = arena().owner(block);
    lock.journal().note(word.as_ptr().cast(), size_of::<u32>());
    word.store(owner.number(), Ordering::Relaxed);
}

pub(super) fn holding_in(place: NonNull<Holding>) -> &'static Holding {
    if !arena().contains(place.as_ptr().cast(), size_of::<Holding>()) {
        super::home::corrupt();
    }
    // SAFETY: holdings stay mapped, and are looked at under their channel's lock.
    unsafe { place.as_ref() }
}

impl Holding {
    pub(super) fn add(&self, side: Side, change: i64, lock: &Lock) {
        let ends = &self.ends[index(side)];
        ends.set(u32::try_from(i64::from(ends.get(lock)) + change).unwrap_or(0), lock);
    }

    /// Who owns it.
    pub(super) fn owner(&self) -> u32 {
        let block = arena().block_at(std::ptr::from_ref(self).cast());
        block.map_or(0, |block| arena().owner(block).load(Ordering::Relaxed))
    }

    /// Whether it is an end on its way.
    pub(super) fn is_ticket(&self) -> bool {
        self.ticket != 0
    }

    pub(super) fn release(&self, channel: ChannelLink, poison: Option<&Cause>) {
        channel.drop_ends(NonNull::from(self), poison);
    }
}

/// The channel that this holding is of.
pub(super) fn of_holding(block: Block) -> Option<ChannelLink> {
    let holding = holding_in(arena().payload(block).cast());
    arena().block_of(holding.channel.as_ptr().cast()).and_then(ChannelLink::in_block)
}

/// Whether this holding is an end on its way.
pub(super) fn is_ticket(block: Block) -> bool {
    holding_in(arena().payload(block).cast()).is_ticket()
}

/// Whether a dead process's holding is an end on its way still, not one that was taken over or given up.
pub(super) fn is_on_its_way(block: Block) -> bool {
    let holding = holding_in(arena().payload(block).cast());
    // SAFETY: its owner is dead; what is read is looked at again under the lock.
    let unlocked = unsafe { Held::new(crate::sync::NoJournal) };
    holding.is_ticket() && holding.ends.iter().any(|ends| ends.get(&unlocked) > 0)
}

/// A dead or finished process's holding goes, and its ends with it.
pub(super) fn release(block: Block, poison: Option<&Cause>) {
    let holding = holding_in(arena().payload(block).cast());
    if let Some(channel) = arena().block_of(holding.channel.as_ptr().cast()).and_then(ChannelLink::in_block) {
        holding.release(channel, poison);
    } else {
        arena().free(block);
    }
}
