//! What a process leaves when it ends: in order if it does so itself, by others if it was killed.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::census::{self, Slot, State, census};
use super::channel::{self, ChannelLink};
use super::desk;
use super::frame::Frame;
use super::home::{self, Shared};
use super::message;
use crate::arena::{Block, Kind, Owner, arena};
use crate::error::{Cause, CauseKind};
use crate::message::tickets;
use crate::rendezvous::decision::{Outcome, Sleep};
use crate::rendezvous::home::Home;
use crate::rendezvous::offer::Kind as OfferKind;
use crate::sync::step;

/// The blocks of each kind that a process owns.
fn blocks_of(owner: Owner) -> Vec<(Block, Kind)> {
    let mut blocks = Vec::new();
    arena().owned_by(owner, |block| blocks.push((block, arena().kind(block))));
    blocks
}

/// This process is about to end by itself: its ends retire, and nothing that is its own stays behind.
pub(crate) fn leave_in_order(me: &Slot, legacy: Option<Block>) {
    for (block, kind) in blocks_of(me.owner()) {
        match kind {
            // On their way: whoever receives the message takes them over.
            Kind::Holding if channel::is_ticket(block) => give_to(block, Owner::COMMON),
            Kind::Mobile => give_to(block, Owner::COMMON),
            Kind::Holding => channel::release(block, None),
            Kind::Message => message::abandon(block.number()),
            Kind::Legacy if Some(block) == legacy => {
                if let Some(parent) = Owner::of(me.parent()) {
                    give_to(block, parent);
                }
            }
            _ => {}
        }
    }
    // The desk last: its journal was needed for what stands above.
    for (block, kind) in blocks_of(me.owner()) {
        if matches!(kind, Kind::Frame | Kind::Desk | Kind::Legacy | Kind::Unknown | Kind::Message) {
            arena().free(block);
        }
    }
    census::fall_asleep();
}

fn give_to(block: Block, owner: Owner) {
    step();
    arena().owner(block).store(owner.number(), Ordering::Relaxed);
}

/// A process has ended, or never ran: nothing that it held stays held. `cause`: it was killed, and how.
///
/// Every step may be done again, by another, if whoever does it is killed too.
pub(crate) fn bury(slot: &Slot, cause: Option<&str>) {
    if slot.is(State::Clean) {
        return;
    }
    // First of all: it may have died in the middle of a repair, and whoever waits for that must see it.
    slot.set_state(State::Dead);
    let _one = Repairing::begin();
    let catching = slot.catching.load(Ordering::Relaxed) != 0;
    let poison = cause.filter(|_| !catching).map(|how| Cause::new(CauseKind::Killed, how));
    let dead = slot.owner();

    let mut desks = HashSet::new();
    desk::each_of(slot, |desk| {
        desk.undo();
        desks.insert(desk.number());
    });
    let blocks = blocks_of(dead);
    let own_frames: Vec<&Frame> =
        blocks.iter().filter(|(_, kind)| *kind == Kind::Frame).map(|(b, _)| frame(*b)).collect();
    own_frames.iter().for_each(|frame| dismiss_followers(frame));
    each_frame(|_, frame, owner| {
        if owner != dead {
            take_back(slot.number(), frame);
        } else {
            // Nobody takes it any more. (A plain one, whoever holds its channel's lock may; then the message dies with it.)
            let _ = frame.offer.decision.withdraw(0);
        }
    });
    let mut holdings = Vec::new();
    let mut moving = Vec::new();
    for (block, kind) in &blocks {
        match kind {
            Kind::Holding if channel::is_ticket(*block) => moving.push(*block),
            Kind::Mobile => moving.push(*block),
            Kind::Holding => holdings.push(*block),
            _ => {}
        }
    }
    each_channel(|link| {
        if desks.contains(&link.core.lock_of().holder()) {
            link.core.lock_of().take_over(desk::desk().number());
            link.core.mend(|offer| is_of(offer, &own_frames));
        }
    });
    for holding in &holdings {
        if let Some(link) = channel::of_holding(*holding) {
            link.core.evict(|offer| is_of(offer, &own_frames));
        }
    }
    keep_what_moves(dead, &mut moving);
    holdings.into_iter().for_each(|holding| channel::release(holding, poison.as_ref()));
    for block in moving {
        match arena().kind(block) {
            Kind::Holding => channel::release(block, poison.as_ref()),
            _ => arena().free(block),
        }
    }
    let followed = followed_frames(dead);
    for (block, kind) in blocks_of(dead) {
        match kind {
            Kind::Frame if followed.contains(&block.number()) => give_to(block, Owner::COMMON),
            Kind::Slot => census::dismiss_unborn(block),
            _ => arena().free(block),
        }
    }
    // Frames of the long dead that nobody follows any more.
    arena().owned_by(Owner::COMMON, |block| {
        if arena().kind(block) == Kind::Frame && !followed.contains(&block.number()) {
            arena().free(block);
        }
    });
    arena().mend(dead);
    census::count_anew();
    // A wake-up may have died with whoever owed it.
    each_frame(|_, frame, _| home::wake(frame, false));
}

/// The children of a dead process. `take` takes care of one that still runs; the others have ended, or were being buried by the dead one.
pub(crate) fn bury_orphans(dead: &Slot, mut take: impl FnMut(&'static Slot) -> bool) {
    let parent = dead.owner().number();
    for orphan in census::everybody().filter(|slot| slot.parent() == parent) {
        if take(orphan) {
            continue;
        }
        let was_forked = orphan.pid.load(Ordering::Relaxed) != 0;
        let how = was_forked.then(|| format!("`{}` was killed", orphan.name()));
        bury(orphan, how.as_deref());
        census::dismiss(orphan);
    }
}

fn is_of(offer: *const crate::rendezvous::offer::Offer, frames: &[&Frame]) -> bool {
    frames.iter().any(|frame| std::ptr::eq(&raw const frame.offer, offer))
}

fn frame(block: Block) -> &'static Frame {
    // SAFETY: a block of this kind holds a frame, or zeros or old data of which only atomics are used; blocks stay mapped.
    unsafe { arena().payload(block).cast::<Frame>().as_ref() }
}

fn each_frame(mut visit: impl FnMut(Block, &'static Frame, Owner)) {
    arena().each(|block, owner| {
        if arena().kind(block) == Kind::Frame {
            visit(block, frame(block), owner);
        }
    });
}

pub(super) fn each_channel(mut visit: impl FnMut(ChannelLink)) {
    arena().owned_by(Owner::COMMON, |block| {
        if let Some(link) = ChannelLink::in_block(block) {
            visit(link);
        }
    });
}

/// Those whom the dead process led go on: a sender that it kept has sent, a receiver that it had promised a message gets none.
fn dismiss_followers(leader: &Frame) {
    for seat in leader.seats() {
        let Some(partner) = seat.entry.follower() else { continue };
        // SAFETY: frames stay mapped; which offer it is, is checked.
        let follower = unsafe { Shared::entry(partner.link) };
        let offer = follower.offer();
        if offer.generation.load(Ordering::Relaxed) != partner.generation || offer.decision.result().is_some() {
            continue;
        }
        let outcome = if seat.entry.kind == OfferKind::ReceiveExtended { Outcome::Met } else { Outcome::Poisoned };
        let frame = Shared::wake(offer);
        let sleep = offer.decision.complete(follower.index(), outcome);
        Shared::unpark(frame, sleep);
    }
}

/// What the dead process had done to the word of somebody alive.
fn take_back(dead: u32, frame: &Frame) {
    if let Some(sleep) = frame.offer.decision.take_back(dead) {
        home::wake(frame, sleep == Sleep::Counted);
    }
}

/// Of what the dead process had sent on its way, that stays which is in a message that lives.
fn keep_what_moves(dead: Owner, moving: &mut Vec<Block>) {
    if moving.is_empty() {
        return;
    }
    let mut living = HashSet::new();
    arena().each(|block, owner| {
        if arena().kind(block) == Kind::Message && owner != dead {
            if let Some((region, len)) = message::noted(block) {
                // SAFETY: a block stays mapped; what is read is validated.
                living.extend(unsafe { tickets(region, len) }.map(|(_, ticket)| ticket as u32));
            }
        }
    });
    moving.retain(|block| {
        let lives = living.contains(&block.number());
        if lives {
            give_to(*block, Owner::COMMON);
        }
        !lives
    });
}

/// The frames of the dead that somebody alive still leads.
fn followed_frames(dead: Owner) -> HashSet<u32> {
    let mut followed = HashSet::new();
    each_frame(|_, frame, owner| {
        if owner != dead && owner != Owner::COMMON {
            for partner in frame.seats().filter_map(|seat| seat.entry.follower()) {
                // SAFETY: as in `dismiss_followers`.
                let offer = std::ptr::from_ref(unsafe { Shared::entry(partner.link) }.offer());
                followed.extend(arena().block_of(offer.cast()).map(Block::number));
            }
        }
    });
    followed
}

/// Only one process repairs at a time. If it is killed, the next one begins anew.
struct Repairing;

impl Repairing {
    fn begin() -> Self {
        let me = census::me().number();
        let word = &census().repairing;
        let mut attempt = 0;
        loop {
            let holder = word.load(Ordering::Relaxed);
            let free = holder == 0 || holder == me || census::numbered(holder).is_none_or(|slot| !slot.is_alive());
            // SYNC repairing: what the last one mended is seen.
            if free && word.compare_exchange(holder, me, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return Self;
            }
            crate::sync::pause(attempt);
            attempt += 1;
        }
    }
}

impl Drop for Repairing {
    fn drop(&mut self) {
        step();
        // SYNC repairing: shows what was mended.
        census().repairing.store(0, Ordering::Release);
    }
}
