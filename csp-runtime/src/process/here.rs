//! Who runs on this thread: whose context is the current one.

use std::cell::Cell;
use std::ptr::{self, NonNull};

use super::context::{self, Context, Head};
use super::short_way::ShortWay;
#[cfg(feature = "backend-coroutines")]
use crate::backend;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::rendezvous::bias::Owner;

/// What a thread keeps at hand, all of it in one place: each thread-local is looked up by itself, and an operation of a coroutine needs several of
/// these.
struct AtHand {
    current: Cell<*const Context>,
    #[cfg(feature = "backend-coroutines")]
    worker: backend::AtHand,
}

thread_local! {
    static AT_HAND: AtHand = const {
        AtHand {
            current: Cell::new(nobody()),
            #[cfg(feature = "backend-coroutines")]
            worker: backend::AtHand::new(),
        }
    };
}

/// What it keeps for its worker.
#[cfg(feature = "backend-coroutines")]
#[inline(always)]
pub(crate) fn workers_at_hand<R>(step: impl FnOnce(&backend::AtHand) -> R) -> R {
    AT_HAND.with(|it| step(&it.worker))
}

struct HeadOfNobody(Head);

// SAFETY: it is never written to. (The hand to which it leads is, by atomic operations.)
unsafe impl Sync for HeadOfNobody {}

static NOBODY: HeadOfNobody =
    HeadOfNobody(Head { waits: Cell::new(0), short_way: ShortWay::closed(), clock: Cell::new(0) });

/// Current where nobody is known to run: only a head.
pub(super) const fn nobody() -> *const Context {
    (&raw const NOBODY.0).cast()
}

/// A context that is current, if it is one.
pub(super) fn somebody(context: *const Context) -> Option<NonNull<Context>> {
    NonNull::new(context.cast_mut()).filter(|_| !ptr::eq(context, nobody()))
}

/// Runs `step` with the context of the running process; a thread outside any process gets one of its own.
#[inline(always)]
pub(crate) fn current<R>(step: impl FnOnce(&Context) -> R) -> R {
    // SAFETY: used here only, and not kept.
    step(unsafe { running() })
}

/// The context of the running process, for as long as that runs.
///
/// A closure, as in [`current`], is a call that the compiler may keep; an operation of a coroutine had better be none.
///
/// # Safety
/// The reference is used by the running process only, and not kept.
#[inline(always)]
pub(crate) unsafe fn running<'a>() -> &'a Context {
    let mut context = which_is_current();
    if ptr::eq(context, nobody()) {
        context = context::root_of_this_thread();
    }
    // SAFETY: a process's context outlives its body, a root its thread; both make another one current before they end.
    unsafe { &*context }
}

/// Whoever is current: an operation of a coroutine has no need to know first whether anybody is.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
#[derive(Clone, Copy)]
pub(crate) struct Here(*const Context);

#[cfg(all(not(loom), feature = "backend-coroutines"))]
impl Here {
    #[inline(always)]
    pub(crate) fn this() -> Self {
        Self(which_is_current())
    }

    /// The worker whose coroutine is current, if its plain operations go the short way.
    #[inline(always)]
    pub(crate) fn worker(self) -> Owner {
        // SAFETY: whatever is current begins with a head.
        unsafe { (*self.0.cast::<Head>()).short_way.worker() }
    }

    /// When the process that is current has last chosen.
    #[inline(always)]
    pub(crate) fn clock<'a>(self) -> &'a Cell<u64> {
        // SAFETY: as above; it is there for as long as what is current. (That of nobody, who owns no lock, is never written to.)
        unsafe { &(*self.0.cast::<Head>()).clock }
    }

    /// The process with this context, which is current.
    #[inline(always)]
    pub(crate) fn of(context: &Context) -> Self {
        Self(context)
    }

    /// # Safety
    /// As for [`running`]; and its worker is somebody.
    #[inline(always)]
    pub(crate) unsafe fn context<'a>(self) -> &'a Context {
        // SAFETY: by the caller.
        unsafe { &*self.0 }
    }
}

/// Makes another context current.
#[inline(always)]
pub(crate) fn make_current(context: *const Context) {
    AT_HAND.with(|it| it.current.set(context));
}

/// Nobody is known to run on this thread.
pub(crate) fn make_nobody_current() {
    make_current(nobody());
}

/// Which context is current.
#[inline(always)]
pub(crate) fn which_is_current() -> *const Context {
    AT_HAND.with(|it| it.current.get())
}

/// A coroutine is over. If it has used channels after its process, which has ended, a context was made for that.
///
/// # Safety
/// The caller is that coroutine, which uses none any more.
#[cfg(feature = "backend-coroutines")]
pub(crate) unsafe fn end_coroutine() {
    if let Some(root) = somebody(which_is_current()) {
        // SAFETY: its process has made nobody current at its end, so this was made afterwards, here.
        unsafe { context::free_root(root) };
    }
}

/// Makes another context current, and tells which one was: a model goes from one process to the next.
#[cfg(all(test, csp_steps))]
pub(crate) fn exchange_current(context: *const Context) -> *const Context {
    AT_HAND.with(|it| it.current.replace(context))
}

/// Where the name of the running process lies, and its length; for a signal handler, so nothing is made here.
#[cfg(feature = "backend-coroutines")]
pub(crate) fn name_of_current() -> Option<(*const u8, usize)> {
    let context = somebody(which_is_current())?;
    // SAFETY: as in `running`.
    let name = unsafe { context.as_ref() }.name();
    Some((name.as_ptr(), name.len()))
}
