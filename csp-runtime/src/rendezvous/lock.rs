//! The lock of a channel in this process's memory.

use super::home::RawLock;
use crate::sync::{AtomicU32, Ordering, mutant, pause};

/// Spins, then yields. Its holders run a bounded number of instructions, so waiting is short unless one is preempted.
pub(crate) struct SpinLock(AtomicU32);

impl RawLock for SpinLock {
    fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    #[inline]
    fn lock(&self) {
        crate::backend::checkpoint();
        let mut attempt = 0;
        // SYNC channel lock: sees what the last holder did.
        while self.0.compare_exchange_weak(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            pause(attempt);
            attempt += 1;
        }
    }

    #[inline]
    unsafe fn unlock(&self) {
        // SYNC channel lock: shows it to the next.
        let ordering = if mutant("relaxed_unlock") { Ordering::Relaxed } else { Ordering::Release };
        self.0.store(0, ordering);
    }
}

/// In a model of the protocol, where a lock that spins would hide the protocol behind its own steps. `SpinLock` has a
/// model of its own.
#[cfg(loom)]
pub(crate) struct ModelLock {
    mutex: loom::sync::Mutex<()>,
    guard: std::cell::Cell<Option<loom::sync::MutexGuard<'static, ()>>>,
}

#[cfg(loom)]
impl RawLock for ModelLock {
    fn new() -> Self {
        Self { mutex: loom::sync::Mutex::new(()), guard: std::cell::Cell::new(None) }
    }

    fn lock(&self) {
        let guard = self.mutex.lock().unwrap();
        // SAFETY: the guard is dropped in `unlock`, while `self` is borrowed.
        let guard = unsafe {
            std::mem::transmute::<loom::sync::MutexGuard<'_, ()>, loom::sync::MutexGuard<'static, ()>>(guard)
        };
        self.guard.set(Some(guard));
    }

    unsafe fn unlock(&self) {
        self.guard.take();
    }
}
