//! The switch by corosensei: to a coroutine from its worker, and back.

use std::cell::{Cell, UnsafeCell};
use std::ptr::{self, NonNull};

use corosensei::Yielder;

use super::super::stack::SlabStack;

/// A coroutine can be gone to from its worker alone.
pub(in super::super) const IS_DIRECT: bool = false;

/// A coroutine. Used by one thread alone.
pub(in super::super) struct Coroutine {
    /// Used by the worker alone, never within another use.
    inner: UnsafeCell<Option<corosensei::Coroutine<(), (), (), SlabStack>>>,
    yielder: Cell<Option<NonNull<Yielder<(), ()>>>>,
}

impl Coroutine {
    pub(in super::super) const fn new() -> Self {
        Self { inner: UnsafeCell::new(None), yielder: Cell::new(None) }
    }

    /// It is to run `body`, on `stack`. Once that has ended, the worker goes on.
    ///
    /// # Safety
    /// It has no stack, or has ended, and it stays where it is until the body has. `body` does not unwind.
    pub(in super::super) unsafe fn begin<F: FnOnce() + 'static>(&self, stack: SlabStack, body: F) {
        let yielder_here = ptr::from_ref(&self.yielder);
        let coroutine = corosensei::Coroutine::with_stack(stack, move |yielder: &Yielder<(), ()>, ()| {
            // SAFETY: by the caller.
            unsafe { &*yielder_here }.set(Some(NonNull::from(yielder)));
            body();
        });
        // SAFETY: by the caller nobody uses it.
        unsafe { *self.inner.get() = Some(coroutine) };
    }

    /// By the worker: runs it until it goes back to the worker.
    ///
    /// # Safety
    /// It waits to run on this thread, and the caller is the thread's worker.
    #[inline(always)]
    pub(in super::super) unsafe fn resume(&self) {
        // SAFETY: by the caller nobody uses it.
        if let Some(inner) = unsafe { &mut *self.inner.get() } {
            let _ = inner.resume(());
        }
    }

    /// By the coroutine itself: the worker goes on, until that goes on here.
    ///
    /// # Safety
    /// The caller runs on its stack, and the worker's is not in use.
    #[inline(always)]
    pub(in super::super) unsafe fn suspend(&self) {
        if let Some(yielder) = self.yielder.get() {
            // SAFETY: set by the coroutine that runs now, and alive until it ends.
            unsafe { yielder.as_ref() }.suspend(());
        }
    }

    /// # Safety
    /// Nobody calls it: see [`IS_DIRECT`].
    pub(in super::super) unsafe fn go_to(&self, _next: &Self) {
        unreachable!("by corosensei, the worker lies between two coroutines");
    }

    /// Gives up the stack of one that has ended.
    ///
    /// # Safety
    /// It has, and the thread has left its stack.
    pub(in super::super) unsafe fn clear(&self) {
        self.yielder.set(None);
        // SAFETY: by the caller nobody uses it.
        unsafe { *self.inner.get() = None };
    }

    /// By the coroutine itself: runs `call` on the worker's stack, below what lies there. Nobody may switch meanwhile.
    ///
    /// # Safety
    /// The caller runs on the coroutine's stack, and the worker's is not in use.
    pub(in super::super) unsafe fn on_workers_stack<F: FnOnce() + Send>(&self, call: F) {
        match self.yielder.get() {
            // SAFETY: set by the coroutine that runs now, and alive until it ends.
            Some(yielder) => unsafe { yielder.as_ref() }.on_parent_stack(call),
            // The worker is on its stack itself.
            None => call(),
        }
    }

    /// Near to where its registers lie while it does not run.
    #[inline(always)]
    pub(in super::super) fn top(&self) -> *const u8 {
        self.yielder.get().map_or(ptr::null(), |yielder| yielder.as_ptr().cast_const().cast())
    }
}
