//! The lock of a channel between processes of one worker: its owner takes it without a read-modify-write. See `PROTOCOL.md`.

use std::cell::Cell;

use super::home::RawLock;
use super::lock::SpinLock;
use crate::barrier;
use crate::sync::{AtomicU32, Ordering, mutant, pause};

/// Nobody has taken the lock yet.
const NEW: u32 = 0;
/// It is nobody's own: everybody takes the shared lock.
const SHARED: u32 = 1;
/// Somebody makes its owner give it up.
const REVOKED: u32 = 2;
const FIRST_OWNER: u32 = 3;
/// Of a thread that owns no lock.
const STRANGER: u32 = u32::MAX;

#[cfg(not(loom))]
thread_local! {
    static ME: Cell<u32> = const { Cell::new(STRANGER) };
}

#[cfg(loom)]
loom::thread_local! {
    static ME: Cell<u32> = Cell::new(STRANGER);
}

#[inline(always)]
fn me() -> u32 {
    ME.with(Cell::get)
}

/// From now on this thread makes locks its own that it is the first to take. It must never end: whoever wants such a lock
/// waits until its owner has let go of it.
pub(crate) fn become_owner(number: usize) {
    let owner = u32::try_from(number).ok().and_then(|number| number.checked_add(FIRST_OWNER));
    if let Some(owner) = owner.filter(|&owner| owner < STRANGER && barrier::is_there()) {
        ME.with(|me| me.set(owner));
    }
}

/// A thread, as an owner of locks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner(u32);

impl Owner {
    /// Who owns no lock.
    pub(crate) const NOBODY: Self = Self(STRANGER);

    /// This thread.
    #[inline]
    pub(crate) fn this() -> Self {
        Self(me())
    }

    /// This thread, or nobody.
    #[inline]
    pub(crate) fn this_if(is_this: bool) -> Self {
        if is_this { Self::this() } else { Self::NOBODY }
    }
}

/// A lock that belongs to the first thread that takes it, if that is one that owns locks, until another one wants it.
/// `bias` goes NEW → owner → REVOKED → SHARED, or NEW → SHARED, and never back.
pub(crate) struct BiasedLock {
    bias: AtomicU32,
    /// The owner's number while it holds the lock as its own. Only the owner writes it.
    held: AtomicU32,
    shared: SpinLock,
}

impl RawLock for BiasedLock {
    fn new() -> Self {
        Self { bias: AtomicU32::new(NEW), held: AtomicU32::new(0), shared: SpinLock::new() }
    }

    #[inline(always)]
    fn lock(&self) {
        let me = me();
        if self.lock_as(me) {
            return;
        }
        // SYNC shared: see `lock_otherwise`.
        if self.bias.load(Ordering::Acquire) == SHARED { self.shared.lock() } else { self.lock_otherwise(me) }
    }

    #[inline(always)]
    unsafe fn unlock(&self) {
        if self.held.load(Ordering::Relaxed) == me() {
            // SYNC bias: shows what the owner did to whoever makes it give up the lock.
            self.held.store(0, Ordering::Release);
        } else {
            // SAFETY: whoever holds the lock and is not its owner, or no longer, has taken the shared one.
            unsafe { self.shared.unlock() };
        }
    }
}

impl BiasedLock {
    /// Takes it if it is `me`'s own, which is this thread, or nobody. False: only `lock` can.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(super) fn lock_own(&self, me: Owner) -> bool {
        self.lock_as(me.0)
    }

    /// # Safety
    /// The caller has it from `lock_own`.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(super) unsafe fn unlock_own(&self) {
        // SYNC bias: as in `unlock`.
        self.held.store(0, Ordering::Release);
    }

    /// The owner's way.
    #[inline(always)]
    fn lock_as(&self, me: u32) -> bool {
        if self.bias.load(Ordering::Relaxed) != me {
            return false;
        }
        self.held.store(me, Ordering::Relaxed);
        // SYNC revocation: here «I hold it, then is it mine still?», in `revoke` «it is not, then does its owner hold it?».
        barrier::light();
        if self.bias.load(Ordering::Relaxed) == me || mutant("own_without_a_second_look") {
            return true;
        }
        // It is being revoked. This may come late, but the revoker alone looks at it, and once it has found 0 never again.
        // SYNC bias: as in `unlock`: the revoker may see this one instead.
        self.held.store(0, Ordering::Release);
        false
    }

    #[inline(never)]
    fn lock_otherwise(&self, me: u32) {
        let mut attempt = 0;
        loop {
            // SYNC shared: whoever finds it shared sees what its former owner did.
            match self.bias.load(Ordering::Acquire) {
                SHARED => return self.shared.lock(),
                NEW => {
                    let next = if me == STRANGER { SHARED } else { me };
                    // Relaxed: nobody has done anything under it yet.
                    let _ = self.bias.compare_exchange(NEW, next, Ordering::Relaxed, Ordering::Relaxed);
                }
                REVOKED => {
                    pause(attempt);
                    attempt += 1;
                }
                owner if owner == me => {
                    if self.lock_as(me) {
                        return;
                    }
                }
                owner => self.revoke(owner),
            }
        }
    }

    /// Makes the lock a shared one, unless somebody else is about to. Waits until its owner has let go of it, which takes a
    /// bounded number of instructions.
    #[cold]
    fn revoke(&self, owner: u32) {
        if self.bias.compare_exchange(owner, REVOKED, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        if !mutant("revoked_without_a_barrier") {
            // SYNC revocation: see `lock_as`.
            barrier::heavy();
        }
        let mut attempt = 0;
        // SYNC bias: sees what its owner did under it.
        while self.held.load(Ordering::Acquire) != 0 {
            pause(attempt);
            attempt += 1;
        }
        // SYNC shared: and shows that to whoever finds it shared.
        self.bias.store(SHARED, Ordering::Release);
    }
}
