//! Processes that a worker's own coroutines have launched and that have not started: the worker adds and takes them without an
//! atomic operation, until an idle one takes one away.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::row::Row;
use super::stack::SlabStack;
use crate::backend::Job;
use crate::rendezvous::bias::BiasedLock;
use crate::rendezvous::home::RawLock;

/// A process that has not started, and so may still go to another worker.
pub(super) struct Fresh {
    pub(super) job: Job,
    pub(super) stack: SlabStack,
}

// SAFETY: a stack is memory that nobody uses yet; a job may be run anywhere.
unsafe impl Send for Fresh {}

pub(super) struct Nursery {
    lock: BiasedLock,
    fresh: UnsafeCell<Row<Fresh>>,
    /// How many they are, to be asked without the lock. Changed under it.
    count: AtomicUsize,
    /// Whether it is this one's turn, of two places where fresh processes wait. A hint.
    next: AtomicBool,
}

// SAFETY: `fresh` is used under the lock alone, and what it holds may be sent to another thread.
unsafe impl Sync for Nursery {}

impl Nursery {
    pub(super) fn new() -> Self {
        Self {
            lock: BiasedLock::new(),
            fresh: UnsafeCell::new(Row::new()),
            count: AtomicUsize::new(0),
            next: AtomicBool::new(false),
        }
    }

    /// The lock is to be this thread's own, which is its worker's. Nobody else has taken it yet.
    pub(super) fn become_mine(&self) {
        self.locked(|_| ());
    }

    fn locked<R>(&self, step: impl FnOnce(&mut Row<Fresh>) -> R) -> R {
        self.lock.lock();
        // SAFETY: the lock excludes all others.
        let fresh = unsafe { &mut *self.fresh.get() };
        let result = step(fresh);
        // Relaxed: a hint; and who has added one looks at the count on the same thread.
        self.count.store(fresh.len(), Ordering::Relaxed);
        // SAFETY: locked above.
        unsafe { self.lock.unlock() };
        result
    }

    /// By a coroutine of this worker.
    pub(super) fn add(&self, fresh: Fresh) {
        self.locked(|all| all.push(fresh));
    }

    pub(super) fn take(&self) -> Option<Fresh> {
        if self.holds_any() { self.locked(Row::pop) } else { None }
    }

    /// Exact for its worker, but for what others take away meanwhile.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn holds_any(&self) -> bool {
        self.len() > 0
    }

    /// Whether it is this one's turn; the other's is next.
    pub(super) fn is_next(&self) -> bool {
        let next = self.next.load(Ordering::Relaxed);
        self.next.store(!next, Ordering::Relaxed);
        next
    }
}
