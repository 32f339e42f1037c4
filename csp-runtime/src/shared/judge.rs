//! Deadlocks across OS processes: the last one to stand still looks at all of them, and ends what they wait for.
//!
//! A process *stands still* when all that runs in it waits, for shared channels, for processes of its own, or for its children,
//! and nothing has a deadline. It says so in its slot, and takes that back before it goes on.

use std::fmt::Write as _;
use std::panic::Location;
use std::sync::atomic::{Ordering, fence};

use super::census::{self, Slot, State, census};
use super::channel::Poisoned;
use super::frame::Frame;
use super::ownership::{free_from, give};
use super::turn::Turn;
use crate::arena::{Block, Kind, Owner, Purpose, arena};
use crate::error::{Cause, CauseKind};
use crate::rendezvous::core::Side;
use crate::sync::{mutant, step};

/// How many processes a report names.
const MOST_REPORTED: usize = 100;

/// What a slot says in `stands_still`.
pub(super) const GOES_ON: u32 = 0;
/// Nobody believes it yet: somebody here may just have been let go on.
const SEEMS_STILL: u32 = 1;
pub(super) const STANDS_STILL: u32 = 2;

/// This process stands still, if `still` says so once others can see that it seems so; `at`: where it waits for processes to end, if it does. If so do
/// all others, none can ever go on, and all that they wait for is ended.
pub(crate) fn stand_still(at: Option<&'static Location<'static>>, still: impl Fn() -> bool) {
    let me = census::me();
    me.waits_at(at);
    me.waits.fetch_add(1, Ordering::Relaxed);
    step();
    me.stands_still.store(SEEMS_STILL, Ordering::Relaxed);
    // SYNC standstill: whoever lets somebody here go on after the question takes back what has been said.
    fence(Ordering::SeqCst);
    if !still() {
        // Who let somebody here go on had nothing to take back yet.
        return stir();
    }
    step();
    // SYNC standstill: what is waited for here is seen by whoever sees this.
    if me.stands_still.compare_exchange(SEEMS_STILL, STANDS_STILL, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        return;
    }
    // SYNC standstill: of two that come to stand still, the later one sees the earlier one do so.
    fence(Ordering::SeqCst);
    step();
    if somebody_was_woken() || look().is_none() {
        return;
    }
    // Several may come to this. Once it is another one's turn, what the one before has ended does not stand still any more.
    let _one = Turn::take(&census().judging);
    if mutant("reported_again") || all_stand_still() {
        step();
        publish(&report());
        end_all();
    }
}

/// Whether there is a moment at which all stand still, and none is dying.
fn all_stand_still() -> bool {
    let Some(before) = look() else { return false };
    // Whoever buries it will look again. (In between the looks: one that is buried by now is not in the second one.)
    if census::everybody().any(is_dying) && !mutant("dying_unseen") {
        return false;
    }
    step();
    // Who waited in the same wait both times waited in between: there was a moment at which all of them did.
    fence(Ordering::SeqCst); // SYNC standstill: the second look is later
    look() == Some(before)
}

/// Waits until nobody ends a deadlock any more. The caller has met the poison of one.
pub(crate) fn wait_until_all_have_ended() {
    if census::is_founded() && !mutant("poison_seen_early") {
        Turn::pass(&census().judging);
    }
}

/// Something in this process goes on.
#[inline]
pub(crate) fn stir() {
    if census::is_founded() {
        census::me().stands_still.store(GOES_ON, Ordering::Relaxed);
    }
}

/// Whether whoever was woken last has not seen it yet, or goes on. That alone keeps [`look`] from finding a standstill, which looks through all of the arena:
/// whoever sleeps right behind a wake-up, as in a ring, need not.
fn somebody_was_woken() -> bool {
    let Some(block) = arena().check(census().woken.load(Ordering::Relaxed)) else { return false };
    if arena().kind(block) != Kind::Frame {
        return false;
    }
    let Some(slot) = census::slot_of(arena().owner(block).load(Ordering::Relaxed)) else { return false };
    let frame = frame_in(block);
    // SYNC standstill: as in `look`.
    let goes_on = slot.is(State::Running) && slot.stands_still.load(Ordering::Acquire) != STANDS_STILL;
    goes_on || frame.is_waiting() && frame.offer.decision.is_news()
}

fn frame_in(block: Block) -> &'static Frame {
    // SAFETY: a block of this kind holds a frame; only atomics of it are used while it is not waiting. Blocks stay mapped.
    unsafe { arena().payload(block).cast::<Frame>().as_ref() }
}

/// Who stands still, and how often each has come to that, if all do now, and nothing has come of what they wait for.
fn look() -> Option<Vec<(u32, i32, u32)>> {
    let mut all = Vec::new();
    for slot in census::everybody() {
        // SYNC standstill: what it waits for is seen below.
        if !slot.is(State::Running) || slot.stands_still.load(Ordering::Acquire) != STANDS_STILL {
            return None;
        }
        all.push((slot.number(), slot.pid.load(Ordering::Relaxed), slot.waits.load(Ordering::Relaxed)));
    }
    let mut waiting = 0;
    let mut news = false;
    each_waiting(|frame, _| {
        waiting += 1;
        news |= frame.offer.decision.is_news();
    });
    (!news && waiting > 0).then_some(all)
}

/// Whether the process has been killed, which its slot does not say before it is buried: what it waits in looks as if it waited still.
fn is_dying(slot: &'static Slot) -> bool {
    /// Flags of a task that is ending, from the system's `sched.h`.
    const ENDING: u32 = 0x4 | 0x400;
    #[cfg(all(test, csp_steps))]
    if let Some(is_dead) = super::deaths::is_dead(slot) {
        return is_dead;
    }
    let pid = slot.pid.load(Ordering::Relaxed);
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}"));
    match read("stat") {
        // The name stands in brackets, and may have more of them in it; the flags are the seventh word behind it.
        Ok(stat) => {
            let flags =
                stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(6)).and_then(|word| word.parse().ok());
            let is_ending = flags.is_some_and(|flags: u32| flags & ENDING != 0);
            is_ending || read("status").is_ok_and(|status| is_kill_pending(&status))
        }
        // Reaped; or there is no such file system here, and no way to know.
        Err(_) => pid != 0 && std::path::Path::new("/proc/self/stat").exists(),
    }
}

fn is_kill_pending(status: &str) -> bool {
    let pending = status.lines().filter_map(|line| line.strip_prefix("SigPnd:").or(line.strip_prefix("ShdPnd:")));
    pending
        .filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .any(|mask| mask & (1 << (libc::SIGKILL - 1)) != 0)
}

fn each_waiting(mut visit: impl FnMut(&'static Frame, Owner)) {
    arena().each(|block, owner| {
        if arena().kind(block) == Kind::Frame && owner != Owner::COMMON {
            let frame = frame_in(block);
            if frame.is_waiting() {
                visit(frame, owner);
            }
        }
    });
}

fn report() -> String {
    let mut text = String::from("deadlock: every process waits, and none can ever run again");
    let mut count = 0;
    let mut line = |slot: &Slot, what: &str| {
        let name = slot.name();
        if slot.parent() == 0 {
            let _ = write!(text, "\n  {name} {what}");
            return;
        }
        count += 1;
        if count <= MOST_REPORTED {
            let _ = write!(text, "\n  process `{name}` {what}");
        }
    };
    for slot in census::everybody() {
        if let Some(at) = slot.place_of_wait() {
            line(slot, &format!("waits for processes to end, at {at}"));
        }
    }
    each_waiting(|frame, owner| {
        if let Some(slot) = census::slot_of(owner.number()) {
            line(slot, &frame.describe());
        }
    });
    if count > MOST_REPORTED {
        let _ = write!(text, "\n  … and {} more", count - MOST_REPORTED);
    }
    text
}

/// Puts the report where the program's first process finds it.
fn publish(text: &str) {
    let bytes = size_of::<u64>() + text.len();
    let Ok(block) = arena().allocate(bytes, Kind::Legacy, census::me().owner(), Purpose::Certain) else { return };
    let place = arena().payload(block);
    // SAFETY: a new block, long enough.
    unsafe { place.cast::<u64>().write(text.len() as u64) };
    // SAFETY: as above.
    let bytes = unsafe { place.add(size_of::<u64>()) };
    // SAFETY: as above.
    unsafe { bytes.copy_from_nonoverlapping(std::ptr::NonNull::from(text.as_bytes()).cast(), text.len()) };
    give(block, Owner::COMMON);
    // The first one stays until it is read: it names all of them, and a later one only whom the first has left.
    // SYNC report: the text is seen by whoever finds the block.
    if census().report.compare_exchange(0, block.number(), Ordering::AcqRel, Ordering::Relaxed).is_err() {
        free_from(block, Owner::COMMON);
    }
}

/// The report, if there is one, for the program's first process.
pub(crate) fn take_report() -> Option<String> {
    if !census::is_founded() || census::me().parent() != 0 {
        return None;
    }
    if census().report.load(Ordering::Relaxed) == 0 {
        return None;
    }
    let block = arena().check(census().report.swap(0, Ordering::AcqRel))?; // SYNC report: see `publish`
    let place = arena().payload(block);
    // SAFETY: `publish` has put a length there.
    let len = unsafe { place.cast::<u64>().read() } as usize;
    let len = len.min(arena().capacity(block) - size_of::<u64>());
    // SAFETY: as above, and so many bytes of text.
    let bytes = unsafe { std::slice::from_raw_parts(place.add(size_of::<u64>()).as_ptr(), len) }.to_vec();
    free_from(block, Owner::COMMON);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Ends by poison what everybody waits for.
fn end_all() {
    let mut ends = Vec::new();
    each_waiting(|frame, owner| {
        let name = census::slot_of(owner.number()).map_or(String::new(), Slot::name);
        ends.extend(frame.channels().map(|link| (link, name.clone())));
    });
    // All end before anybody wakes and drops an end, which would look like a retirement to the others.
    let ended: Vec<_> = ends
        .into_iter()
        .inspect(|_| step())
        .map(|(link, name)| link.poison_quietly(Side::Senders, &Cause::new(CauseKind::Deadlock, &name)))
        .collect();
    ended.into_iter().for_each(Poisoned::wake);
}
