//! The lock of a channel between processes of one worker: its owner takes it without a read-modify-write. See `PROTOCOL.md`.

use std::cell::Cell;
use std::ptr;

use super::hatch::Hatch;
use super::home::RawLock;
use super::lock::SpinLock;
use crate::barrier;
use crate::sync::{AtomicPtr, AtomicU32, Ordering, mutant, pause};

/// Nobody has taken the lock yet.
const NEW: u32 = 0;
/// It is nobody's own: everybody takes the shared lock.
const SHARED: u32 = 1;
/// Somebody makes its owner give it up.
const REVOKED: u32 = 2;
/// As shared, but the lock is that of the hatch.
const HATCHED: u32 = 3;
const FIRST_OWNER: u32 = 4;
/// So many operations find no hatch: of very many channels, each between two workers once, none has one.
const BEFORE: usize = if cfg!(loom) { 0 } else { 8 };
/// The name of those who own no lock.
const STRANGER: u32 = u32::MAX;

/// Who owns locks, as others see them. Apart from those of other threads, as each operation writes to it.
#[repr(align(128))]
struct Hand {
    /// Which of its own locks it holds. Only its owner writes it, and it holds one at a time: whoever takes a second lock shares that with all.
    holds: AtomicPtr<BiasedLock>,
    /// By what its locks know it.
    name: u32,
    /// Of the owner that came before.
    next: Option<&'static Hand>,
}

impl Hand {
    #[inline(always)]
    fn is_free(&self) -> bool {
        self.holds.load(Ordering::Relaxed).is_null()
    }

    /// No lock has its name.
    #[cfg(not(loom))]
    const fn of_a_stranger() -> Self {
        Self { holds: AtomicPtr::new(ptr::null_mut()), name: STRANGER, next: None }
    }
}

/// All owners there are: a list that only grows. (Not loom's: it does not belong to the protocol.)
static NEWEST: std::sync::atomic::AtomicPtr<Hand> = std::sync::atomic::AtomicPtr::new(ptr::null_mut());

/// The owners from `newest` on.
fn all_from(newest: *mut Hand) -> impl Iterator<Item = &'static Hand> {
    // SAFETY: only hands that live for ever are in the list.
    std::iter::successors(unsafe { newest.as_ref() }, |hand| hand.next)
}

#[cfg(not(loom))]
thread_local! {
    /// This thread's hand, if it owns locks.
    static MINE: Cell<Option<&'static Hand>> = const { Cell::new(None) };
}

#[cfg(loom)]
loom::thread_local! {
    static MINE: Cell<Option<&'static Hand>> = Cell::new(None);
}

/// From now on this thread, as owner `number`, makes locks its own that it is the first to take. It must never end: whoever wants such a lock
/// waits until its owner has let go of it.
pub(crate) fn become_owner(number: usize) {
    let name = u32::try_from(number).ok().and_then(|number| number.checked_add(FIRST_OWNER));
    let Some(name) = name.filter(|&name| name < STRANGER && barrier::is_there()) else { return };
    // SYNC owners: whoever finds a hand there finds it whole.
    let mut newest = NEWEST.load(Ordering::Acquire);
    loop {
        let next = all_from(newest).next();
        let mine: &'static Hand = Box::leak(Box::new(Hand { holds: AtomicPtr::new(ptr::null_mut()), name, next }));
        // SYNC owners: as above.
        match NEWEST.compare_exchange(newest, ptr::from_ref(mine).cast_mut(), Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return MINE.with(|place| place.set(Some(mine))),
            Err(now) => newest = now, // another owner came first, and this hand stays unused
        }
    }
}

#[cfg(not(loom))]
static NOBODYS: Hand = Hand::of_a_stranger();

#[cfg(not(loom))]
thread_local! {
    /// For those of this thread who own no locks. It is written to all the same, so each thread has one.
    static STRANGERS: Hand = const { Hand::of_a_stranger() };
}

/// For whom a lock is taken as their own. Neither `Send` nor `Sync`: it stays on its thread.
#[cfg(not(loom))]
#[derive(Clone, Copy)]
pub(crate) struct Owner(*const Hand);

#[cfg(not(loom))]
impl Owner {
    /// Who owns no lock, where it is not known on which thread.
    pub(crate) const NOBODY: Self = Self(&raw const NOBODYS);

    /// This thread.
    #[inline]
    pub(crate) fn this() -> Self {
        MINE.get().map_or_else(Self::idle, |mine| Self(mine))
    }

    /// This thread, or somebody on it who owns no lock.
    #[inline]
    pub(crate) fn this_if(is_this: bool) -> Self {
        if is_this { Self::this() } else { Self::idle() }
    }

    #[inline]
    fn idle() -> Self {
        Self(STRANGERS.with(ptr::from_ref))
    }

    /// Whether it is this thread, and that owns locks.
    #[inline(always)]
    pub(crate) fn owns_locks(self) -> bool {
        ptr::eq(MINE.get().map_or(ptr::null(), ptr::from_ref), self.0)
    }

    #[inline(always)]
    fn hand<'a>(self) -> &'a Hand {
        // SAFETY: a static, one that was leaked, or this thread's, to which nothing happens when the thread ends.
        unsafe { &*self.0 }
    }
}

/// Whether this thread owns locks.
#[cfg(not(loom))]
#[inline]
pub(crate) fn is_owner() -> bool {
    MINE.get().is_some()
}

/// A lock that belongs to the first thread that takes it, if that is one that owns locks, until another one wants it.
/// `bias` goes NEW → owner → REVOKED → SHARED → HATCHED, and never back; without REVOKED if nobody else wants it, and without an owner if none
/// came first.
///
/// It stays where it is while anybody holds it: an owner says by its address which one it holds.
pub(crate) struct BiasedLock {
    /// One of the four above, or the owner's name.
    bias: AtomicU32,
    shared: SpinLock,
    /// What counts where it says so; until then, how many operations have come that might have used it.
    hatch: AtomicPtr<Hatch>,
}

impl Drop for BiasedLock {
    fn drop(&mut self) {
        if self.hatch().is_some() {
            // SAFETY: made from a box, and the lock is nobody's any more.
            drop(unsafe { Box::from_raw(self.hatch.load(Ordering::Relaxed)) });
        }
    }
}

impl RawLock for BiasedLock {
    fn new() -> Self {
        Self { bias: AtomicU32::new(NEW), shared: SpinLock::new(), hatch: AtomicPtr::new(ptr::null_mut()) }
    }

    #[inline(always)]
    fn lock(&self) {
        let mine = MINE.with(Cell::get);
        if mine.is_some_and(|mine| mine.is_free() && self.lock_with(mine)) {
            return;
        }
        // SYNC shared: see `lock_otherwise`.
        match self.bias.load(Ordering::Acquire) {
            SHARED => self.lock_shared(),
            _ => self.lock_otherwise(mine),
        }
    }

    #[inline(always)]
    unsafe fn unlock(&self) {
        match MINE.with(Cell::get).filter(|mine| self.is_held_by(mine)) {
            Some(mine) => let_go(mine),
            // SAFETY: whoever holds the lock and is not its owner, or no longer, has taken the hatch's, if there is one, or the shared one.
            None => match self.hatch() {
                // SAFETY: as above.
                Some(hatch) => unsafe { hatch.unlock() },
                // SAFETY: as above.
                None => unsafe { self.shared.unlock() },
            },
        }
    }
}

impl BiasedLock {
    /// Takes it if it is `me`'s own, who is on this thread, and holds no other one. False: only `lock` can.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(super) fn lock_own(&self, me: Owner) -> bool {
        self.lock_with(me.hand())
    }

    /// # Safety
    /// The caller has it from `lock_own`, for `me`.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(super) unsafe fn unlock_own(&self, me: Owner) {
        debug_assert!(self.is_held_by(me.hand()));
        let_go(me.hand());
    }

    /// The hatch whose lock counts, if there is one.
    #[inline(always)]
    pub(crate) fn hatch(&self) -> Option<&Hatch> {
        // SYNC shared: a hatch that counts is whole.
        let counts = self.bias.load(Ordering::Acquire) == HATCHED;
        // SAFETY: then there is one, for as long as the lock.
        counts.then(|| unsafe { &*self.hatch.load(Ordering::Relaxed) })
    }

    /// Makes a hatch, if the lock is a shared one, and has been asked for one often enough. False: it has made none.
    #[cold]
    pub(crate) fn make_hatch(&self) -> bool {
        // SYNC shared: see `lock_otherwise`.
        if self.bias.load(Ordering::Acquire) != SHARED {
            return false;
        }
        let count = self.hatch.load(Ordering::Relaxed);
        if count.addr() < BEFORE {
            let more = ptr::without_provenance_mut(count.addr() + 1);
            // Should it fail, another one has counted, or made a hatch.
            let _ = self.hatch.compare_exchange(count, more, Ordering::Relaxed, Ordering::Relaxed);
            return false;
        }
        let Some(hatch) = Hatch::new() else { return false };
        let hatch = Box::new(hatch);
        self.shared.lock();
        let is_first = self.bias.load(Ordering::Relaxed) == SHARED;
        if is_first {
            self.hatch.store(Box::into_raw(hatch), Ordering::Relaxed);
            // SYNC shared: whoever finds it so finds the hatch, and sees what was done under the shared lock.
            self.bias.store(HATCHED, Ordering::Release);
        }
        // SAFETY: locked above.
        unsafe { self.shared.unlock() };
        is_first
    }

    /// Takes the shared lock; whoever finds that it has been replaced takes the other one.
    #[inline(always)]
    fn lock_shared(&self) {
        self.shared.lock();
        // Relaxed: it only changes under the shared lock from here on.
        if self.bias.load(Ordering::Relaxed) == SHARED || mutant("hatch_unnoticed") {
            return;
        }
        // SAFETY: locked above.
        unsafe { self.shared.unlock() };
        self.lock_otherwise(None);
    }

    /// The owner's way.
    #[inline(always)]
    fn lock_with(&self, mine: &Hand) -> bool {
        debug_assert!(mine.name == STRANGER || mine.is_free(), "a hand holds one lock at a time");
        // SYNC bias: as in `let_go`, for whoever waits until another lock than this one is held.
        let ordering = if mutant("next_lock_relaxed") { Ordering::Relaxed } else { Ordering::Release };
        mine.holds.store(ptr::from_ref(self).cast_mut(), ordering);
        // SYNC revocation: here «I hold it, then is it mine?», in `revoke` «it is not, then does its owner hold it?».
        barrier::light();
        if self.bias.load(Ordering::Relaxed) == mine.name || mutant("own_without_a_look") {
            return true;
        }
        let_go(mine);
        false
    }

    #[inline(always)]
    fn is_held_by(&self, hand: &Hand) -> bool {
        ptr::eq(hand.holds.load(Ordering::Relaxed), self)
    }

    #[inline(never)]
    fn lock_otherwise(&self, mine: Option<&'static Hand>) {
        let mut attempt = 0;
        loop {
            // SYNC shared: whoever finds it shared sees what its former owner did.
            match self.bias.load(Ordering::Acquire) {
                SHARED => return self.lock_shared(),
                // SAFETY: then there is one, for as long as the lock.
                HATCHED => return unsafe { &*self.hatch.load(Ordering::Relaxed) }.lock(),
                NEW => {
                    let next = mine.filter(|mine| mine.is_free()).map_or(SHARED, |mine| mine.name);
                    // SYNC owners: whoever reads the name finds its hand in the list. (Nobody has done anything under the lock yet.)
                    let _ = self.bias.compare_exchange(NEW, next, Ordering::Release, Ordering::Relaxed);
                }
                REVOKED => {
                    pause(attempt);
                    attempt += 1;
                }
                owner => match mine.filter(|mine| mine.name == owner) {
                    Some(mine) if !mine.is_free() => self.give_up(owner),
                    Some(mine) if self.lock_with(mine) => return,
                    Some(_) => {}
                    None => self.revoke(owner),
                },
            }
        }
    }

    /// By its owner, who holds another lock and not this one: makes it a shared one, unless somebody else is about to.
    #[cold]
    fn give_up(&self, owner: u32) {
        // SYNC shared: see `lock_otherwise`.
        let _ = self.bias.compare_exchange(owner, SHARED, Ordering::Release, Ordering::Relaxed);
    }

    /// Makes the lock a shared one, unless somebody else is about to. Waits until its owner has let go of it, which takes a
    /// bounded number of instructions.
    #[cold]
    fn revoke(&self, owner: u32) {
        // SYNC owners: see `lock_otherwise`.
        if self.bias.compare_exchange(owner, REVOKED, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return;
        }
        if !mutant("revoked_without_a_barrier") {
            // SYNC revocation: see `lock_with`.
            barrier::heavy();
        }
        // SYNC owners: see `become_owner`.
        let mut all = all_from(NEWEST.load(Ordering::Acquire));
        let owner = all.find(|hand| hand.name == owner).expect("an owner is in the list before it owns a lock");
        let mut attempt = 0;
        // SYNC bias: sees what its owner did under it.
        while ptr::eq(owner.holds.load(Ordering::Acquire), self) {
            pause(attempt);
            attempt += 1;
        }
        // SYNC shared: and shows that to whoever finds it shared.
        self.bias.store(SHARED, Ordering::Release);
    }
}

/// The owner lets go of what it holds.
#[inline(always)]
fn let_go(mine: &Hand) {
    // SYNC bias: shows what the owner did to whoever makes it give up the lock.
    mine.holds.store(ptr::null_mut(), Ordering::Release);
}
