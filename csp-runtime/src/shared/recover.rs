//! What a process leaves when it ends: in order if it does so itself, by others if it was killed.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::census::{self, Slot, State, census};
use super::channel::{self, ChannelLink};
use super::desk;
use super::frame::Frame;
use super::home::{self, Shared};
use super::message::{free_from, give as give_to};
use super::{message, mobile};
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
    arena().each(|block, its| {
        if its == owner {
            blocks.push((block, arena().kind(block)));
        }
    });
    blocks
}

/// This process is about to end by itself: its ends retire, and nothing that is its own stays behind.
pub(crate) fn leave_in_order(me: &Slot, legacy: Option<Block>) {
    for (block, kind) in blocks_of(me.owner()) {
        match kind {
            // On their way: whoever receives the message takes them over.
            Kind::Holding if channel::is_ticket(block) => give_to(block, Owner::COMMON),
            Kind::Mobile => mobile::leave(block, me.owner()),
            Kind::Holding => channel::release(block, None),
            Kind::Message => message::abandon(block.raw()),
            Kind::Legacy if Some(block) == legacy => {
                if let Some(parent) = Owner::new(me.parent()) {
                    give_to(block, parent);
                }
            }
            _ => {}
        }
    }
    // The desk last: its journal was needed for what stands above.
    for (block, kind) in blocks_of(me.owner()) {
        if matches!(kind, Kind::Frame | Kind::Desk | Kind::Legacy | Kind::Message) {
            arena().free(block);
        }
    }
    census::fall_asleep();
}

/// A process has ended, or never ran: nothing that it held stays held, and no block has it as its owner. `cause`: it was killed, and how.
///
/// Every step may be done again, by another, if whoever does it is killed too.
pub(crate) fn bury(slot: &Slot, cause: Option<&str>) {
    if slot.is(State::Clean) {
        // What its threads kept for their next messages.
        return arena().sweep(slot.owner(), |_| ());
    }
    let _one = Repairing::begin();
    slot.set_state(State::Dead);
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
            // Unless whoever receives it was just as fast.
            _ => free_from(block, dead),
        }
    }
    let followed = followed_frames(dead);
    for (block, kind) in blocks_of(dead) {
        match kind {
            Kind::Frame if followed.contains(&block.raw()) => give_to(block, Owner::COMMON),
            Kind::Slot => census::dismiss_unborn(block),
            _ => {}
        }
    }
    // Frames of the long dead that nobody follows any more.
    for (block, kind) in blocks_of(Owner::COMMON) {
        if kind == Kind::Frame && !followed.contains(&block.raw()) {
            free_from(block, Owner::COMMON);
        }
    }
    // The rest, and what it was in the middle of taking or freeing.
    arena().sweep(dead, |_| ());
    census::count_anew();
    // A wake-up may have died with whoever owed it.
    each_frame(|_, frame, _| home::wake(frame, false));
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

fn each_channel(mut visit: impl FnMut(ChannelLink)) {
    arena().each(|block, owner| {
        if let Some(link) = ChannelLink::in_block(block).filter(|_| owner == Owner::COMMON) {
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
        let is_message = arena().kind(block) == Kind::Message && owner != dead;
        if let Some((region, len)) = is_message.then(|| message::noted(block)).flatten() {
            // SAFETY: a block stays mapped; what is read is validated.
            living.extend(unsafe { tickets(region, len) }.map(|(_, ticket)| ticket as u32));
        }
    });
    moving.retain(|block| {
        let lives = living.contains(&block.raw());
        match arena().kind(*block) {
            _ if !lives => {}
            Kind::Mobile => _ = mobile::pass(*block, dead, Owner::COMMON),
            _ => give_to(*block, Owner::COMMON),
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
                followed.extend(arena().block_of(offer.cast()).map(Block::raw));
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
