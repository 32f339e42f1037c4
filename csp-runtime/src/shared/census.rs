//! The OS processes of a program: one slot each, in the arena.

use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::turn::Turn;
use super::{message, ownership};
use crate::arena::{Block, Full, Kind, Owner, Purpose, arena};
use crate::sync::step;

/// At most so many OS processes at a time; a decision word has room for their numbers.
pub(crate) const MOST: usize = 1 << 13;

/// Who makes the census and the first slot, before there is one. It is no block's number: an arena has fewer units.
const FOUNDER: Owner = Owner::of(1 << 30).unwrap();

/// The longest name of a process that others read.
const NAME: usize = 64;

/// How far a process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum State {
    /// Its parent is about to fork it.
    Starting = 1,
    Running = 2,
    /// It has ended by itself, and left everything in order.
    Clean = 3,
    /// It was found dead.
    Dead = 4,
}

/// One OS process.
#[repr(C)]
pub(crate) struct Slot {
    /// From 1; a decision word names it so.
    number: AtomicU32,
    state: AtomicU32,
    pub(crate) pid: AtomicI32,
    parent: AtomicU32,
    /// Its ends retire when it dies, because its parent has the error.
    pub(crate) catching: AtomicU32,
    /// Rung when something has come of an offer of one of its coroutines.
    pub(crate) bell: AtomicU32,
    /// Where what it leaves to its parent lies.
    pub(crate) legacy: AtomicU32,
    /// Signal or exit code, when it is dead; see `Death`.
    pub(crate) death: AtomicU32,
    /// Its processes all wait, and none has a deadline: what `judge.rs` makes of it.
    pub(crate) stands_still: AtomicU32,
    /// When it ended, other threads than the one that left in order may have kept blocks for their next messages.
    pub(crate) leaves_spares: AtomicU32,
    /// What it leaves to its parent is taken over without a lock that others may hold.
    pub(crate) leaves_mere_bytes: AtomicU32,
    /// How often it has seemed to stand still.
    pub(crate) waits: AtomicU32,
    /// It waits for its children to end, and does not count as awake.
    rests: AtomicU32,
    /// Where it waits for processes to end, if it stands still: the line's place in the program's memory, the same in all of them.
    waits_at: AtomicPtr<Location<'static>>,
    name_len: AtomicU32,
    name: [std::cell::UnsafeCell<u8>; NAME],
}

// SAFETY: the name is written before the slot is seen, everything else is atomic.
unsafe impl Sync for Slot {}

/// What all processes find.
#[repr(C)]
pub(crate) struct Census {
    /// How many of them are awake: a hint how to wait.
    pub(crate) awake: AtomicU32,
    /// The block of the frame whose owner was woken last: a hint who goes on.
    pub(super) woken: AtomicU32,
    /// Whoever repairs what a dead process left holds this: the number of its slot, or 0.
    pub(crate) repairing: AtomicU32,
    /// Channels are numbered, so that a place that is used again is told from what was there before.
    pub(crate) channels: AtomicU32,
    /// And so are frames.
    pub(crate) frames: AtomicU32,
    /// Whoever ends a deadlock holds this, likewise.
    pub(crate) judging: AtomicU32,
    /// The block with the report of a deadlock, or 0.
    pub(crate) report: AtomicU32,
    /// No slot beyond this one has been used.
    used: AtomicU32,
    /// The arena is not to be trusted any more: everybody stops.
    pub(crate) corrupt: AtomicU32,
    slots: [AtomicU32; MOST],
}

static CENSUS: AtomicPtr<Census> = AtomicPtr::new(std::ptr::null_mut());
static ME: AtomicPtr<Slot> = AtomicPtr::new(std::ptr::null_mut());

/// The slot of this process.
#[inline]
pub(crate) fn me() -> &'static Slot {
    let me = here();
    // SAFETY: slots stay mapped for ever, and this process's is in use while it runs.
    unsafe { NonNull::new(me).unwrap_or_else(found).as_ref() }
}

#[cfg(not(csp_steps))]
#[inline]
fn here() -> *mut Slot {
    ME.load(Ordering::Relaxed)
}

#[cfg(csp_steps)]
fn here() -> *mut Slot {
    let simulated = SIMULATED.get();
    if simulated.is_null() { ME.load(Ordering::Relaxed) } else { simulated }
}

#[cfg(csp_steps)]
thread_local! {
    /// In a model, each thread plays a process of its own.
    pub(crate) static SIMULATED: std::cell::Cell<*mut Slot> = const { std::cell::Cell::new(std::ptr::null_mut()) };
}

/// Whether this program has shared memory by now.
#[inline]
pub(crate) fn is_founded() -> bool {
    !ME.load(Ordering::Relaxed).is_null()
}

/// The program's first process makes the census, with itself in it.
#[cold]
fn found() -> NonNull<Slot> {
    // FORK: founded before the first fork, and never asked for again.
    static FOUNDING: Mutex<()> = Mutex::new(());
    let _one = FOUNDING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(me) = NonNull::new(ME.load(Ordering::Relaxed)) {
        return me;
    }
    let block = message::certain(size_of::<Census>(), Kind::Blank, FOUNDER);
    let place = arena().payload(block);
    // SAFETY: a new block of this length.
    unsafe { place.as_ptr().write_bytes(0, size_of::<Census>()) };
    arena().set_kind(block, Kind::Census);
    ownership::give(block, Owner::COMMON);
    CENSUS.store(place.as_ptr().cast(), Ordering::Relaxed);
    let slot = admit("main", 0).unwrap_or_else(|why| panic!("{why}"));
    slot.pid.store(i32::try_from(std::process::id()).unwrap_or(0), Ordering::Relaxed);
    slot.set_state(State::Running);
    wake_up();
    let slot = NonNull::from(slot);
    ME.store(slot.as_ptr(), Ordering::Relaxed);
    slot
}

/// In a child that was just forked: this is its slot.
pub(crate) fn become_process(slot: &'static Slot) {
    ME.store(std::ptr::from_ref(slot).cast_mut(), Ordering::Relaxed);
    slot.pid.store(i32::try_from(std::process::id()).unwrap_or(0), Ordering::Relaxed);
    slot.set_state(State::Running);
}

#[inline]
pub(crate) fn census() -> &'static Census {
    if CENSUS.load(Ordering::Relaxed).is_null() {
        me();
    }
    // SAFETY: made by `found`, and mapped for ever.
    unsafe { &*CENSUS.load(Ordering::Relaxed) }
}

/// Why there is no slot for one more process.
#[derive(Debug)]
pub(crate) enum NotAdmitted {
    TooMany,
    Full(Full),
}

impl fmt::Display for NotAdmitted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(out, "no more than {MOST} OS processes can run at a time"),
            Self::Full(full) => full.fmt(out),
        }
    }
}

/// A slot for a process that is about to start.
pub(crate) fn admit(name: &str, parent: u32) -> Result<&'static Slot, NotAdmitted> {
    // Owned by the parent until it is in the table, so that nothing is lost if that dies here.
    let maker = NonNull::new(ME.load(Ordering::Relaxed)).map_or(FOUNDER, |_| me().owner());
    let block = arena().allocate(size_of::<Slot>(), Kind::Blank, maker, Purpose::Certain).map_err(NotAdmitted::Full)?;
    let place = arena().payload(block).cast::<Slot>();
    // SAFETY: a new block of this length; a slot of zeros is an empty one.
    unsafe { place.as_ptr().cast::<u8>().write_bytes(0, size_of::<Slot>()) };
    // SAFETY: as above; blocks stay mapped.
    let slot: &'static Slot = unsafe { place.as_ref() };
    let mut len = name.len().min(NAME);
    while !name.is_char_boundary(len) {
        len -= 1;
    }
    for (place, byte) in slot.name.iter().zip(&name.as_bytes()[..len]) {
        // SAFETY: nobody else knows the slot yet.
        unsafe { *place.get() = *byte };
    }
    slot.name_len.store(len as u32, Ordering::Relaxed);
    slot.parent.store(parent, Ordering::Relaxed);
    slot.set_state(State::Starting);
    arena().set_kind(block, Kind::Slot);
    for (index, entry) in census().slots.iter().enumerate() {
        slot.number.store(index as u32 + 1, Ordering::Relaxed);
        step();
        // SYNC census: whoever finds the slot sees what was written into it.
        if entry.load(Ordering::Relaxed) == 0
            && entry.compare_exchange(0, block.number(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            census().used.fetch_max(index as u32 + 1, Ordering::AcqRel); // SYNC census: before the process can run
            ownership::give(block, Owner::COMMON);
            return Ok(slot);
        }
    }
    arena().free(block);
    Err(NotAdmitted::TooMany)
}

/// The slot is free again: nothing in the arena names it any more.
pub(crate) fn dismiss(slot: &Slot) {
    let entry = &census().slots[slot.number() as usize - 1];
    let Some(block) = arena().check(entry.load(Ordering::Relaxed)) else { return };
    step();
    // While it is in the table for certain: whoever comes after us, if we die, begins with its block.
    [&census().repairing, &census().judging].into_iter().for_each(|turn| Turn::take_from(slot, turn));
    // Ours from here on, so that it is not lost if we die before it is free.
    ownership::give(block, me().owner());
    step();
    // SYNC census: with whoever uses it next.
    entry.store(0, Ordering::Release);
    arena().free(block);
}

/// A slot of ours that its maker, who is dead, had not put into the table, or had put there only just.
pub(super) fn dismiss_unborn(block: Block) {
    let entries = census().slots.iter();
    for entry in entries.filter(|entry| entry.load(Ordering::Relaxed) == block.number()) {
        step();
        entry.store(0, Ordering::Release); // SYNC census: as in `dismiss`
    }
    arena().free(block);
}

/// The process of this number.
pub(crate) fn numbered(number: u32) -> Option<&'static Slot> {
    let entry = census().slots.get((number as usize).checked_sub(1)?)?;
    // SYNC census: as in `admit`.
    slot_of(entry.load(Ordering::Acquire))
}

/// The slot in this block.
pub(crate) fn slot_of(block: u32) -> Option<&'static Slot> {
    let block = arena().check(block)?;
    if arena().kind(block) != Kind::Slot {
        return None;
    }
    // SAFETY: a block of this kind holds a slot; blocks stay mapped.
    Some(unsafe { arena().payload(block).cast::<Slot>().as_ref() })
}

/// All processes that have a slot.
pub(crate) fn everybody() -> impl Iterator<Item = &'static Slot> {
    // SYNC census: as in `admit`.
    used().iter().filter_map(|entry| slot_of(entry.load(Ordering::Acquire)))
}

/// How many processes have a slot.
pub(crate) fn population() -> usize {
    used().iter().filter(|entry| entry.load(Ordering::Relaxed) != 0).count()
}

fn used() -> &'static [AtomicU32] {
    // SYNC census: as in `admit`.
    &census().slots[..(census().used.load(Ordering::Acquire) as usize).min(MOST)]
}

impl Slot {
    /// The name of all blocks that this process owns.
    #[inline]
    pub(crate) fn owner(&self) -> Owner {
        let block = arena().block_at(std::ptr::from_ref(self).cast()).map(Block::number);
        Owner::of(block.unwrap_or(0)).unwrap_or(Owner::COMMON)
    }

    #[inline]
    pub(crate) fn number(&self) -> u32 {
        self.number.load(Ordering::Relaxed)
    }

    pub(crate) fn parent(&self) -> u32 {
        self.parent.load(Ordering::Relaxed)
    }

    pub(crate) fn is(&self, state: State) -> bool {
        // SYNC state: sees what the process did before.
        self.state.load(Ordering::Acquire) == state as u32
    }

    pub(crate) fn set_state(&self, state: State) {
        step();
        // SYNC state: shows what went before.
        self.state.store(state as u32, Ordering::Release);
    }

    /// Notes where it waits for processes to end.
    pub(super) fn waits_at(&self, at: Option<&'static Location<'static>>) {
        let at = at.map_or(std::ptr::null_mut(), |at| std::ptr::from_ref(at).cast_mut());
        self.waits_at.store(at, Ordering::Relaxed);
    }

    /// Where it waits for processes to end, if it does.
    pub(super) fn place_of_wait(&self) -> Option<&'static Location<'static>> {
        // SAFETY: all processes of the program have its constants at the same place.
        unsafe { self.waits_at.load(Ordering::Relaxed).as_ref() }
    }

    /// Whether it may still do something.
    pub(crate) fn is_alive(&self) -> bool {
        self.is(State::Running) || self.is(State::Starting)
    }

    pub(crate) fn name(&self) -> String {
        let len = (self.name_len.load(Ordering::Relaxed) as usize).min(NAME);
        // SAFETY: written once, before the slot was seen.
        let bytes: Vec<u8> = self.name[..len].iter().map(|byte| unsafe { *byte.get() }).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// How many run, as far as that is known: a hint.
#[inline]
pub(crate) fn awake() -> usize {
    usize::try_from(census().awake.load(Ordering::Relaxed) as i32).unwrap_or(0)
}

/// One goes to sleep until somebody completes its offer, who counts it again.
pub(crate) fn fall_asleep() {
    census().awake.fetch_sub(1, Ordering::AcqRel); // SYNC awake: see `home::wake`
}

/// One more is awake.
pub(crate) fn wake_up() {
    census().awake.fetch_add(1, Ordering::AcqRel); // SYNC awake: see `home::wake`
}

/// While this exists, this process does nothing but wait for its children to end.
pub(crate) struct Rest(());

impl Rest {
    /// None if another of its threads waits so already.
    pub(crate) fn begin() -> Option<Self> {
        (me().rests.swap(1, Ordering::Relaxed) == 0).then(|| {
            fall_asleep();
            Self(())
        })
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        me().rests.store(0, Ordering::Relaxed);
        wake_up();
    }
}

/// After a death, which may have come between a change and its count. `asleep`: so many will be counted by whoever wakes them.
pub(super) fn count_anew(asleep: usize) {
    let awake = everybody().filter(|slot| slot.is(State::Running) && slot.rests.load(Ordering::Relaxed) == 0).count();
    census().awake.store(awake.saturating_sub(asleep) as u32, Ordering::Relaxed);
}
