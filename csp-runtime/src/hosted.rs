//! The contexts of coroutines, listed by worker: a start and an end write to their worker's own list, without a lock.

use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::process::context::Context;

/// The contexts of one worker's coroutines. Used by its thread, which is counted as running then; and by whoever judges a
/// standstill, while no worker is counted and none can be before that is over: see `deadlock::pass`.
struct List(UnsafeCell<Vec<*const Context>>);

// SAFETY: by turns, as said above.
unsafe impl Sync for List {}
// SAFETY: as above.
unsafe impl Send for List {}

/// Of all workers. Changed under the lock of the list of all other contexts.
// FORK: locked under the lock of `deadlock::CONTEXTS` alone.
static LISTS: Mutex<Vec<&'static List>> = Mutex::new(Vec::new());

thread_local! {
    static HERE: Cell<Option<&'static List>> = const { Cell::new(None) };
}

/// This thread is a worker's from now on. The lock of the list of all other contexts is held.
pub(crate) fn become_host() {
    let list: &'static List = Box::leak(Box::new(List(UnsafeCell::new(Vec::new()))));
    lists().push(list);
    HERE.set(Some(list));
}

fn lists() -> std::sync::MutexGuard<'static, Vec<&'static List>> {
    LISTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds the context of a coroutine of this thread. False: this is no worker's thread.
pub(crate) fn register(context: &Context) -> bool {
    let Some(list) = HERE.get() else { return false };
    // SAFETY: this is its worker's thread, and counted as running.
    let list = unsafe { &mut *list.0.get() };
    context.slot.store(list.len(), Ordering::Relaxed);
    list.push(context);
    true
}

/// Undoes [`register`], which has added it.
pub(crate) fn unregister(context: &Context) {
    let Some(list) = HERE.get() else { return };
    // SAFETY: as in `register`.
    let list = unsafe { &mut *list.0.get() };
    let slot = context.slot.load(Ordering::Relaxed);
    list.swap_remove(slot);
    if let Some(&moved) = list.get(slot) {
        // SAFETY: a context is taken out before it ends.
        unsafe { &*moved }.slot.store(slot, Ordering::Relaxed);
    }
}

/// All of them.
///
/// # Safety
/// Nothing of ours runs, and none can before the contexts are not used any more.
pub(crate) unsafe fn all() -> impl Iterator<Item = *const Context> {
    let lists = lists().clone();
    // SAFETY: by the caller nobody changes them.
    lists.into_iter().flat_map(|list| unsafe { &*list.0.get() }.iter().copied())
}

/// In a forked child: its parent's workers are not here.
#[cfg(feature = "backend-processes")]
pub(crate) fn forget_the_parent() {
    lists().clear();
    HERE.set(None);
}
