//! What a process leaves when it ends: in order if it does so itself, by others if it was killed.

use std::collections::HashSet;
use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use super::census::{self, Slot, State, census};
use super::channel::{self, ChannelLink};
use super::desk;
use super::following::leave_to_filler;
use super::frame::Frame;
use super::home::{self, Shared};
use super::ownership::{free_from, is_owned_by, pass};
use super::turn::Turn;
use super::{message, mobile};
use crate::arena::{Block, Kind, Owner, arena};
use crate::error::{Cause, CauseKind};
use crate::message::tickets;
use crate::rendezvous::decision::{Outcome, Sleep};
use crate::rendezvous::home::Home;
use crate::rendezvous::offer::Kind as OfferKind;
use crate::sync::{fence, mutant};

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
            // It went with one of the others.
            _ if !is_owned_by(me.owner(), block) => {}
            // On their way: whoever receives the message takes them over.
            Kind::Holding if channel::is_ticket(block) => _ = pass(block, me.owner(), Owner::COMMON),
            Kind::Mobile => mobile::leave(block, me.owner()),
            Kind::Holding => channel::release(block, None),
            Kind::Message => message::abandon(block.number()),
            Kind::Legacy if Some(block) == legacy => {
                if let Some(parent) = Owner::of(me.parent()) {
                    pass(block, me.owner(), parent);
                }
            }
            _ => {}
        }
    }
    // The desk last: its journal was needed for what stands above.
    for (block, kind) in blocks_of(me.owner()) {
        if matches!(kind, Kind::Frame | Kind::Desk | Kind::Legacy | Kind::Message | Kind::Blank) {
            arena().free(block);
        }
    }
    me.leaves_spares.store(u32::from(arena().flush_cache()), Ordering::Relaxed);
    census::fall_asleep();
}

/// The first thing to do about a dead process: what it was doing under a channel's lock is undone, or finished, the lock is free, and what it
/// had claimed too. Waits for nothing, so it can be done for one process while another one's burial waits for a lock.
pub(crate) fn break_locks(slot: &Slot) {
    if slot.is(State::Clean) {
        return;
    }
    slot.set_state(State::Dead);
    let mut desks = HashSet::new();
    desk::each_of(slot, |desk| {
        if !mutant("journal_not_undone") {
            desk.undo();
        }
        desks.insert(desk.number());
    });
    // Its own word may be claimed too. Others may hold a lock while they wait for the end of a claim.
    each_frame(|_, frame, _| {
        if !mutant("claims_not_taken_back") {
            take_back(slot.number(), frame);
        }
    });
    let frames = frames_of(slot.owner());
    each_channel(|link| {
        if desks.contains(&link.core.lock_of().holder()) && !mutant("lock_not_broken") {
            link.mend(|offer| is_of(offer, &frames));
        }
    });
}

/// A process has ended, or never ran: nothing that it held stays held. `cause`: it was killed, and how.
///
/// Every step may be done again, by another, if whoever does it is killed too.
pub(crate) fn bury(slot: &Slot, cause: Option<&str>) {
    if slot.is(State::Clean) {
        if slot.leaves_spares.load(Ordering::Relaxed) != 0 {
            arena().sweep(slot.owner(), leave_what_is_filled);
        }
        return;
    }
    // Before all else: it may have died in the middle of a repair, and whoever waits for that must see it.
    break_locks(slot);
    let _one = repairing();
    let catching = slot.catching.load(Ordering::Relaxed) != 0;
    let poison = cause.filter(|_| !catching).map(|how| Cause::new(CauseKind::Killed, how));
    let dead = slot.owner();

    let frames = frames_of(dead);
    for frame in &frames {
        // Nobody takes it any more. (A plain one, whoever holds its channel's lock may; then the message dies with it.)
        let _ = frame.offer.decision.withdraw(0);
    }
    let blocks = blocks_of(dead);
    let is_moving = |block: Block, kind| match kind {
        Kind::Mobile => true,
        Kind::Holding => channel::is_on_its_way(block),
        _ => false,
    };
    let of_kind = |wanted: fn(Kind, bool) -> bool| -> Vec<Block> {
        let chosen = blocks.iter().filter(|(block, kind)| wanted(*kind, is_moving(*block, *kind)));
        chosen.map(|(block, _)| *block).collect()
    };
    let holdings = of_kind(|kind, moves| kind == Kind::Holding && !moves);
    let mut moving = of_kind(|_, moves| moves);
    for link in holdings.iter().filter_map(|holding| channel::of_holding(*holding)) {
        if !mutant("no_eviction") {
            link.core.evict(|offer| is_of(offer, &frames));
        }
    }
    // Nobody meets the dead one any more: now it is known whom it leads.
    dismiss_followers(&frames);
    // Of a buffer, the places that were kept for it.
    for seat in frames.iter().flat_map(|frame| frame.seats()) {
        if let Some(link) = seat.channel().filter(|_| !mutant("place_kept_for_the_dead")) {
            link.core.release_kept_place(Some(&seat.entry));
        }
    }
    keep_what_moves(dead, &mut moving);
    // One may have gone with another: with an unread message in a buffer, say.
    let is_left = |block: &Block| is_owned_by(dead, *block) && arena().kind(*block) == Kind::Holding;
    holdings.into_iter().filter(is_left).for_each(|holding| channel::release(holding, poison.as_ref()));
    for block in moving.into_iter().filter(|block| is_owned_by(dead, *block)) {
        match arena().kind(block) {
            Kind::Holding => channel::release(block, poison.as_ref()),
            // Unless whoever receives it was just as fast.
            Kind::Mobile if !pass(block, dead, census::me().owner()) => {}
            _ => arena().free(block),
        }
    }
    let followed = followed_frames();
    for (block, kind) in blocks_of(dead) {
        match kind {
            _ if !is_owned_by(dead, block) => {}
            Kind::Frame if followed.contains(&block.number()) => _ = pass(block, dead, Owner::COMMON),
            Kind::Frame => {}
            Kind::Slot => census::dismiss_unborn(block),
            // What moves along may have been sent by somebody alive.
            Kind::Message if !mutant("ticket_lost") => message::abandon(block.number()),
            _ => {}
        }
    }
    fence(Ordering::SeqCst); // SYNC left behind: see `is_left_behind`
    // A leader that is alive may have made the dead one its own leader meanwhile.
    dismiss_followers(&frames);
    forget_the_left_behind();
    // The rest, and what it was in the middle of taking or freeing.
    arena().sweep(dead, leave_what_is_filled);
    let mut asleep = 0;
    each_frame(|_, frame, _| asleep += usize::from(frame.offer.decision.is_counted_out()));
    census::count_anew(asleep);
    // A wake-up may have died with whoever owed it.
    if !mutant("no_wake_after_a_death") {
        each_frame(|_, frame, _| home::wake(frame, false));
    }
}

/// A message that somebody still writes is theirs.
fn leave_what_is_filled(block: Block) {
    if arena().kind(block) == Kind::Message {
        let _ = leave_to_filler(block);
    }
}

fn frame_blocks_of(owner: Owner) -> Vec<Block> {
    blocks_of(owner).into_iter().filter(|(_, kind)| *kind == Kind::Frame).map(|(block, _)| block).collect()
}

fn frames_of(owner: Owner) -> Vec<&'static Frame> {
    frame_blocks_of(owner).into_iter().map(frame).collect()
}

/// Frames of the dead that somebody led when they were buried: whom they lead goes on, and those that nobody leads any more are freed. Only
/// while [`repairing`].
fn forget_the_left_behind() {
    dismiss_followers(&frames_of(Owner::COMMON));
    let followed = followed_frames();
    for block in frame_blocks_of(Owner::COMMON) {
        if !followed.contains(&block.number()) {
            free_from(block, Owner::COMMON);
        }
    }
}

fn block_of(frame: NonNull<Frame>) -> Option<Block> {
    arena().block_of(frame.as_ptr().cast_const().cast())
}

/// Whether the process of this frame, whose follower the caller leads, is buried. Whoever asks has just shown it something, or let it go.
pub(crate) fn is_left_behind(frame: NonNull<Frame>) -> bool {
    fence(Ordering::SeqCst); // SYNC left behind: either this sees the frame given away, or the burial sees what the caller did
    block_of(frame).is_some_and(|block| arena().owner(block).load(Ordering::Relaxed) == Owner::COMMON.number())
}

/// What a living leader does when its follower [`is_left_behind`].
#[cold]
pub(crate) fn part_from_the_dead() {
    let _one = repairing();
    forget_the_left_behind();
}

/// The children of a dead process.
pub(crate) fn orphans_of(dead: &Slot) -> impl Iterator<Item = &'static Slot> {
    let parent = dead.owner().number();
    census::everybody().filter(move |slot| slot.parent() == parent)
}

/// [`orphans_of`] are buried. `take` takes care of one that still ran when its parent died; the others have ended, or were being buried by that.
pub(crate) fn bury_orphans(dead: &Slot, take: &mut dyn FnMut(&'static Slot) -> bool) {
    for orphan in orphans_of(dead) {
        if take(orphan) {
            continue;
        }
        let was_forked = orphan.pid.load(Ordering::Relaxed) != 0;
        let how = was_forked.then(|| format!("`{}` was killed", orphan.name()));
        bury(orphan, how.as_deref());
        bury_orphans(orphan, take);
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
    arena().each(|block, owner| {
        if let Some(link) = ChannelLink::in_block(block).filter(|_| owner == Owner::COMMON) {
            visit(link);
        }
    });
}

/// Those whom the dead led go on: a sender that was kept has sent, a receiver that was promised a message gets none.
fn dismiss_followers(leaders: &[&Frame]) {
    if mutant("followers_not_dismissed") {
        return;
    }
    for seat in leaders.iter().flat_map(|leader| leader.seats()) {
        let Some(partner) = seat.entry.follower() else { continue };
        let Some(block) = partner.frame().and_then(block_of).filter(|block| arena().kind(*block) == Kind::Frame) else {
            continue;
        };
        let offer = &frame(block).offer;
        if offer.generation.load(Ordering::Relaxed) != partner.generation || offer.decision.result().is_some() {
            continue;
        }
        let outcome = if seat.entry.kind == OfferKind::ReceiveExtended { Outcome::Met } else { Outcome::Poisoned };
        // SAFETY: it is this offer that waits, so its entries are alive.
        let follower = unsafe { Shared::entry(partner.link) };
        let frame = Shared::wake(offer);
        let sleep = offer.decision.complete(follower.index(), outcome);
        Shared::unpark(frame, sleep);
    }
}

/// What the dead process had done to a word.
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
        if arena().kind(block) == Kind::Message
            && owner != dead
            && let Some((region, len)) = message::noted(block)
        {
            // SAFETY: a block stays mapped; what is read is validated.
            living.extend(unsafe { tickets(region, len) }.map(|(_, ticket)| ticket as u32));
        }
    });
    moving.retain(|block| {
        let lives = living.contains(&block.number());
        match arena().kind(*block) {
            _ if !lives => {}
            Kind::Mobile => _ = pass(*block, dead, Owner::COMMON),
            _ => _ = pass(*block, dead, Owner::COMMON),
        }
        !lives
    });
}

/// The frames that somebody alive leads.
fn followed_frames() -> HashSet<u32> {
    let mut followed = HashSet::new();
    each_frame(|_, frame, owner| {
        if owner != Owner::COMMON && census::slot_of(owner.number()).is_some_and(Slot::is_alive) {
            let partners = frame.seats().filter_map(|seat| seat.entry.follower());
            followed.extend(partners.filter_map(|partner| block_of(partner.frame()?)).map(Block::number));
        }
    });
    followed
}

/// Only one process repairs at a time. If it is killed, the next one begins anew.
fn repairing() -> Turn {
    Turn::take(&census().repairing)
}
