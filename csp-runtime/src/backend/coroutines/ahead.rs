//! The memory that a coroutine will touch when it runs, asked for ahead.
//!
//! If nobody else is ready when it is woken, it runs at once, and it is too late to ask: so it is asked for what those will touch who come after
//! it, by their records, which say whom each has met last; and in a large crowd who came some turns later, as there memory is further away than the
//! next turn. If others are ready, what it needs may have left the caches again when its turn comes: so that is asked for while the two before it
//! run. All this is hints (`fetch.rs`).

use std::cell::Cell;
use std::ptr;

use super::at_hand::mine;
use super::record::Record;
use crate::fetch;
use crate::rendezvous::core::Core;
use crate::rendezvous::local::Local;

/// A rendezvous touches some eight cache lines of a coroutine, and the first level's cache holds those of so many.
const CROWD: usize = 96;
/// From about so many on (measured), what is asked for takes longer than two turns: the second level's cache no longer holds all lines, nor the
/// processor the addresses of all pages, of which each stack has one.
const LARGE_CROWD: usize = 1024;
/// Lines of the frame of a body that an operation uses, as a rule.
const FRAME: isize = 3;
/// Lines from the top of a stack on which somebody waits for another thread, down to its message, as a rule.
const FRAMES: isize = 6;

/// Whether a thread runs so many coroutines.
pub(super) struct Crowd {
    is_there: Cell<bool>,
    is_large: Cell<bool>,
}

impl Crowd {
    pub(super) const fn new() -> Self {
        Self { is_there: Cell::new(false), is_large: Cell::new(false) }
    }
}

/// Whether this thread runs more coroutines than the cache holds.
#[inline(always)]
pub(super) fn pays() -> bool {
    mine(|it| it.crowd.is_there.get())
}

/// Whether it has to be asked for further ahead.
#[inline(always)]
pub(super) fn is_far() -> bool {
    mine(|it| it.crowd.is_large.get())
}

/// This thread runs so many.
pub(super) fn count(alive: usize) {
    mine(|it| {
        it.crowd.is_there.set(fetch::IS_KNOWN_HERE && alive > CROWD);
        it.crowd.is_large.set(alive > LARGE_CROWD);
    });
}

/// Hints of where that memory is. Any addresses will do.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    /// The channel on which it has waited.
    pub(crate) channel: *const u8,
    /// The entry with which it waits.
    pub(crate) entry: *const u8,
    /// Its message: most often in the frame of its body.
    pub(crate) message: *const u8,
}

impl Ahead {
    /// As it lies beside the top of the stack.
    #[inline(always)]
    pub(super) fn beside(self, top: *const u8) -> Beside {
        Beside { entry: lines_from(top, self.entry), message: lines_from(top, self.message) }
    }
}

/// The same in four bytes: how many lines from the top of the stack, if it is there; otherwise what is at the top itself has to do.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside {
    entry: u16,
    message: u16,
}

#[inline(always)]
fn lines_from(top: *const u8, place: *const u8) -> u16 {
    fetch::lines_between(top, place).try_into().unwrap_or(0)
}

impl Beside {
    /// For one that has just been completed, so that its entry is here: fetches the frame of its body, from where its registers lie, and its message.
    #[inline(always)]
    pub(super) fn fetch_frame(self, top: *const u8) {
        (0..FRAME).for_each(|line| fetch::line(top, line));
        fetch::line(top, self.message as isize);
    }

    /// For one that was completed a while ago: fetches the two lines in which its entry lies as well.
    #[inline(always)]
    pub(super) fn fetch_all(self, top: *const u8) {
        [0, 1].into_iter().for_each(|line| fetch::line(top, self.entry as isize + line));
        self.fetch_frame(top);
    }
}

/// So many turns ahead is a record fetched in a large crowd.
const FAR: usize = 16;
/// And what it will touch.
const NEAR: usize = 4;
/// The first touch of a stack is that of a page whose address the processor has to look up, in memory, and it goes on with nothing behind that until
/// it has found it. It can look up several at a time: so it is asked for so many together, which lie next to each other in the order of turns. (In a ring
/// of 262,144 groups of 4, 8 and 16 take the same, within a tenth; none, a quarter more.)
const GROUP: usize = 8;
/// So many turns ago at least is the record fetched that tells where the stack is.
const ARRIVAL: usize = 3;

const _: () = assert!(FAR.is_multiple_of(GROUP) && ARRIVAL + GROUP + NEAR <= FAR + 1);

/// Who came last in a large crowd, one after the other.
struct Trail {
    last: [Cell<Option<&'static Record>>; FAR],
    count: Cell<usize>,
}

thread_local! {
    static TRAIL: Trail = const { Trail { last: [const { Cell::new(None) }; FAR], count: Cell::new(0) } };
}

/// Whose it was some turns ago.
pub(super) struct Followed {
    /// `FAR` turns ago.
    pub(super) before: Option<&'static Record>,
    /// So many that the one of whom it tells comes in `NEAR` turns.
    pub(super) between: Option<&'static Record>,
    /// A group is complete, and the next one to be touched.
    pub(super) ends_group: bool,
}

/// It is `record`'s turn.
#[inline(always)]
pub(super) fn follow(record: &'static Record) -> Followed {
    TRAIL.with(|trail| {
        let count = trail.count.get();
        trail.count.set(count.wrapping_add(1));
        let place = |turns: usize| &trail.last[count.wrapping_sub(turns) % FAR];
        Followed {
            before: place(FAR).replace(Some(record)),
            between: place(FAR - NEAR).get(),
            ends_group: count.is_multiple_of(GROUP),
        }
    })
}

/// Those who tell of the next group.
pub(super) fn tellers() -> impl Iterator<Item = &'static Record> {
    let count = TRAIL.with(|trail| trail.count.get());
    let ago = move |turns: usize| TRAIL.with(|trail| trail.last[count.wrapping_sub(turns) % FAR].get());
    (ARRIVAL + 1..=ARRIVAL + GROUP).rev().filter_map(ago)
}

/// The line of a record that a switch needs.
#[inline(always)]
pub(super) fn fetch_record(record: &Record) {
    fetch::line(ptr::from_ref(record).cast(), 0);
}

/// The first line of a frame, and so the address of its page.
#[inline(always)]
pub(super) fn touch_stack(top: *const u8) {
    fetch::line(top, 0);
}

/// The line, or the two, in which lies what a plain rendezvous uses of a channel.
#[inline(always)]
pub(super) fn fetch_channel(channel: *const u8) {
    fetch::line(channel, 0);
    fetch::line(channel.wrapping_add(Core::<Local>::USED - 1), 0);
}

/// The frames in which somebody on another thread has written to one that it has woken: those of its operation, and of the body below it.
#[inline(always)]
pub(super) fn fetch_written(top: *const u8) {
    (0..FRAMES).for_each(|line| fetch::line(top, line));
}
