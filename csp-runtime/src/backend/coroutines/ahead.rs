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

/// A rendezvous touches some eight cache lines of a coroutine, and the first level's cache holds those of so many.
const CROWD: usize = 96;
/// From about so many on (measured), what is asked for takes longer than two turns: the second level's cache no longer holds all lines, nor the
/// processor the addresses of all pages, of which each stack has one.
const LARGE_CROWD: usize = 1024;
/// Lines from the top of a stack on which somebody waits for another thread, down to its message, as a rule.
const FRAMES: isize = 6;

/// Whether a thread runs so many.
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
    /// For one that has just been completed, so that its entry is here: fetches the frame of its body, what an operation uses on either side of
    /// its message.
    #[inline(always)]
    pub(super) fn fetch_frame(self, top: *const u8) {
        [-1, 0, 1].into_iter().for_each(|line| fetch::line(top, self.message as isize + line));
    }

    /// For one that was completed a while ago: fetches the two lines in which its entry lies and the top of its stack as well.
    #[inline(always)]
    pub(super) fn fetch_all(self, top: *const u8) {
        fetch::line(top, 0);
        [0, 1].into_iter().for_each(|line| fetch::line(top, self.entry as isize + line));
        self.fetch_frame(top);
    }
}

/// So many turns ahead is a record fetched in a large crowd, and what it will touch half as many (measured: 4, 8 and 16 turns take 165, 135 and 147 ns
/// a hop in a ring of 262,144).
const FAR: usize = 8;

/// Who came last in a large crowd, one after the other.
struct Trail {
    last: [Cell<Option<&'static Record>>; FAR],
    count: Cell<usize>,
}

thread_local! {
    static TRAIL: Trail = const { Trail { last: [const { Cell::new(None) }; FAR], count: Cell::new(0) } };
}

/// It is `record`'s turn. Gives whose it was `FAR` turns ago, and whose half as many ago.
#[inline(always)]
pub(super) fn follow(record: &'static Record) -> (Option<&'static Record>, Option<&'static Record>) {
    TRAIL.with(|trail| {
        let count = trail.count.get();
        trail.count.set(count.wrapping_add(1));
        (trail.last[count % FAR].replace(Some(record)), trail.last[(count + FAR / 2) % FAR].get())
    })
}

/// The line of a record that a switch needs.
#[inline(always)]
pub(super) fn fetch_record(record: &Record) {
    fetch::line(ptr::from_ref(record).cast(), 0);
}

/// The two lines in which lies what a rendezvous uses of a channel.
#[inline(always)]
pub(super) fn fetch_channel(channel: *const u8) {
    [0, 1].into_iter().for_each(|line| fetch::line(channel, line));
}

/// The frames in which somebody on another thread has written to one that it has woken: those of its operation, and of the body below it.
#[inline(always)]
pub(super) fn fetch_written(top: *const u8) {
    (0..FRAMES).for_each(|line| fetch::line(top, line));
}
