//! Where a thread works in the arena: its journal, in which stands how to undo what it does under a channel's lock.

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::census::{self, Slot};
use super::frame::Spares;
use crate::arena::{Block, Full, Kind, Purpose, arena};
use crate::rendezvous::offer::Offer;
use crate::sync::{Journal, mutant, step};

/// More changes than any step under a lock makes before it is final.
const NOTES: usize = 48;

/// A thread's place in the arena. It belongs to the process that made it, and is used by one thread at a time.
#[repr(C)]
pub(crate) struct Desk {
    /// Of its process; 0 once that is gone.
    process: AtomicU32,
    count: AtomicU32,
    /// The offer whose completion makes everything noted final, and which offer it was.
    pivot: AtomicUsize,
    pivot_generation: AtomicU32,
    pub(super) spares: Spares,
    notes: [Note; NOTES],
}

/// What stood at a place of so many bytes.
#[repr(C)]
struct Note {
    place: AtomicU64,
    old: AtomicU64,
}

const BYTES_SHIFT: u32 = 56;

thread_local! {
    static DESK: Cell<Option<&'static Desk>> = const { Cell::new(None) };
    static END: End = const { End };
}

/// The end of a thread, which gives its desk back.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        if let Some(desk) = DESK.take() {
            let mut desks = hold();
            desks.at_work -= 1;
            desks.free.push(desk);
        }
    }
}

/// Who of this process's threads has a desk.
pub(super) struct Desks {
    /// Those of threads that have ended.
    free: Vec<&'static Desk>,
    /// So many threads have one, and will give it back.
    at_work: usize,
    /// Those of threads that were ending already, by the system's number: they are free once that is nobody's any more.
    late: Vec<(&'static Desk, i32)>,
}

// FORK: held, by `shared::Locks`.
static DESKS: Mutex<Desks> = Mutex::new(Desks { free: Vec::new(), at_work: 0, late: Vec::new() });

pub(super) fn hold() -> MutexGuard<'static, Desks> {
    DESKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The desk of this thread.
#[inline(always)]
pub(crate) fn desk() -> &'static Desk {
    DESK.get().unwrap_or_else(certain_desk)
}

#[cold]
fn certain_desk() -> &'static Desk {
    new_desk().unwrap_or_else(|full| panic!("{full}"))
}

/// From now on this thread has one.
pub(super) fn prepare() -> Result<(), Full> {
    DESK.get().map_or_else(new_desk, Ok).map(drop)
}

#[cold]
fn new_desk() -> Result<&'static Desk, Full> {
    let gives_it_back = END.try_with(|_| ()).is_ok();
    // Not held while a new one is made: in a model another process may be next then, and needs the list.
    let free = hold().free_one();
    let make = || {
        let me = census::me();
        let block = arena().allocate(size_of::<Desk>(), Kind::Blank, me.owner(), Purpose::Certain)?;
        let place = arena().payload(block).cast::<Desk>();
        // SAFETY: a new block, long enough, and aligned for it; all zero is an empty desk.
        unsafe { place.as_ptr().cast::<u8>().write_bytes(0, size_of::<Desk>()) };
        // SAFETY: just initialised; blocks stay mapped for ever.
        let desk: &'static Desk = unsafe { place.as_ref() };
        desk.process.store(me.owner().number(), Ordering::Relaxed);
        arena().set_kind(block, Kind::Desk);
        Ok(desk)
    };
    let desk = free.map_or_else(make, Ok)?;
    let mut desks = hold();
    if gives_it_back {
        desks.at_work += 1;
    } else {
        // SAFETY: only asks.
        desks.late.push((desk, unsafe { libc::gettid() }));
    }
    DESK.set(Some(desk));
    Ok(desk)
}

impl Desks {
    fn free_one(&mut self) -> Option<&'static Desk> {
        // SAFETY: only asks.
        let process = unsafe { libc::getpid() };
        // In a model other processes' threads end here too.
        #[cfg(csp_steps)]
        self.free.sort_by_key(|desk| desk.process() == census::me().owner().number());
        #[cfg(csp_steps)]
        if self.free.last().is_some_and(|desk| desk.process() != census::me().owner().number()) {
            return None;
        }
        self.free.pop().or_else(|| {
            // SAFETY: sends no signal, only asks whether one could be sent.
            let has_ended = |thread: i32| unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) } != 0;
            let index = self.late.iter().position(|(_, thread)| has_ended(*thread))?;
            Some(self.late.swap_remove(index).0)
        })
    }

    /// How many desks this process has, in use or for threads to come.
    pub(super) fn count(&self) -> usize {
        self.free.len() + self.at_work + self.late.len()
    }
}

/// What a simulated process keeps here while another one runs.
#[cfg(all(test, csp_steps))]
pub(super) fn exchange(desk: Option<&'static Desk>) -> Option<&'static Desk> {
    DESK.replace(desk)
}

/// A forked child begins without any: those that it sees are its parent's.
pub(super) fn forget_all() {
    DESK.set(None);
    *hold() = Desks { free: Vec::new(), at_work: 0, late: Vec::new() };
}

impl Desk {
    /// Its name in a lock.
    #[inline]
    pub(crate) fn number(&self) -> u32 {
        arena().block_at(std::ptr::from_ref(self).cast()).map_or(0, Block::number)
    }

    pub(super) fn process(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }

    /// Undoes what its thread, which is dead, did since its last final step. May be done again, by another, if who does it dies.
    pub(super) fn undo(&self) {
        let count = self.count.load(Ordering::Relaxed).min(NOTES as u32);
        if !self.is_final() || mutant("pivot_ignored") {
            for note in self.notes[..count as usize].iter().rev() {
                note.undo();
            }
        }
        step();
        self.count.store(0, Ordering::Relaxed);
        step();
        self.pivot.store(0, Ordering::Relaxed);
    }

    /// Whether the pivot has been taken: its offer is complete, or is another one already.
    fn is_final(&self) -> bool {
        let Some(offer) = NonNull::new(self.pivot.load(Ordering::Relaxed) as *mut Offer) else { return false };
        if !arena().contains(offer.as_ptr().cast(), size_of::<Offer>()) {
            return false;
        }
        // SAFETY: only offers are noted there; frames stay mapped.
        let offer = unsafe { offer.as_ref() };
        let done = offer.decision.result().is_some();
        // The generation is read after the word: whoever uses the offer again raises it before it opens the word.
        std::sync::atomic::fence(Ordering::Acquire); // SYNC renewal: see `Offer::renew`
        done || offer.generation.load(Ordering::Relaxed) != self.pivot_generation.load(Ordering::Relaxed)
    }
}

impl Note {
    fn undo(&self) {
        let place = self.place.load(Ordering::Relaxed);
        let (bytes, place) = ((place >> BYTES_SHIFT) as usize, (place & ((1 << BYTES_SHIFT) - 1)) as *mut u8);
        let old = self.old.load(Ordering::Relaxed).to_ne_bytes();
        if bytes > old.len() || !arena().is_mapped(place, bytes) {
            return;
        }
        step();
        // SAFETY: a place in the arena that only the holder of the lock, which is dead, may change.
        unsafe { place.copy_from_nonoverlapping(old.as_ptr(), bytes) };
    }
}

/// The journal of the running thread.
#[derive(Clone, Copy)]
pub(crate) struct DeskJournal(pub(super) &'static Desk);

impl Journal for DeskJournal {
    #[inline]
    fn note(&self, place: *const u8, bytes: usize) {
        let mut done = 0;
        while done < bytes {
            let now = (bytes - done).min(8);
            self.note_word(place.wrapping_add(done), now);
            done += now;
        }
    }

    #[inline]
    fn pivot(&self, offer: *const u8, generation: u32) {
        in_order();
        step();
        self.0.pivot_generation.store(generation, Ordering::Relaxed);
        in_order();
        self.0.pivot.store(offer as usize, Ordering::Relaxed);
        in_order();
        step();
    }

    #[inline]
    fn commit(&self) {
        in_order();
        step();
        self.0.count.store(0, Ordering::Relaxed);
        in_order();
        step();
        self.0.pivot.store(0, Ordering::Relaxed);
        in_order();
    }
}

impl DeskJournal {
    #[inline]
    fn note_word(&self, place: *const u8, bytes: usize) {
        let mut old = [0; 8];
        // SAFETY: the caller is about to change the place, which it has to itself.
        unsafe { place.copy_to_nonoverlapping(old.as_mut_ptr(), bytes) };
        let count = self.0.count.load(Ordering::Relaxed);
        let note = &self.0.notes[count as usize];
        step();
        note.place.store(place as u64 | (bytes as u64) << BYTES_SHIFT, Ordering::Relaxed);
        note.old.store(u64::from_ne_bytes(old), Ordering::Relaxed);
        in_order();
        step();
        self.0.count.store(count + 1, Ordering::Relaxed);
        in_order();
        step();
    }
}

/// All desks of a process, which is dead.
pub(super) fn each_of(slot: &Slot, mut visit: impl FnMut(&Desk)) {
    arena().each(|block, owner| {
        if owner == slot.owner() && arena().kind(block) == Kind::Desk {
            // SAFETY: a block of this kind is long enough for a desk.
            let desk = unsafe { arena().payload(block).cast::<Desk>().as_ref() };
            // Its maker may have died before it was one.
            if desk.process() == slot.owner().number() {
                visit(desk);
            }
        }
    });
}

/// What was written before is there before what is written after. Who repairs comes after the thread's death, which the system has
/// reported: all that it did has been done by then, in the program's order. So no more is needed than that the compiler keeps it.
#[inline(always)]
fn in_order() {
    // SYNC journal: with itself, and the system's report of the death.
    compiler_fence(Ordering::SeqCst);
}
