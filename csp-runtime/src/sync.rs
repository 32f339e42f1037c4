//! The primitives that the protocols stand on: std's own, or loom's when a model test runs the shipped code.

#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) use std::sync::atomic::AtomicPtr;
#[cfg(all(not(loom), any(feature = "backend-coroutines", feature = "backend-processes")))]
pub(crate) use std::sync::atomic::fence;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};

#[cfg(loom)]
use loom::cell::UnsafeCell;
#[cfg(not(loom))]
use std_cell::UnsafeCell;

/// One pause of a busy wait for a step that another running process is about to take.
#[cfg(not(loom))]
#[inline]
#[cfg_attr(csp_steps, track_caller)]
pub(crate) fn pause(attempt: u32) {
    #[cfg(csp_steps)]
    if steps::tell(steps::Moment::Pause) {
        return;
    }
    if attempt < 40 {
        std::hint::spin_loop();
    } else if attempt < 500 {
        std::thread::yield_now();
    } else {
        // The other one was preempted, perhaps by us: under a real-time policy yielding alone would never let it run.
        std::thread::sleep(std::time::Duration::from_micros(50));
    }
}

#[cfg(loom)]
pub(crate) fn pause(_attempt: u32) {
    loom::thread::yield_now();
}

/// A step that other processes can see: a model may stop a process before it.
#[cfg(not(csp_steps))]
#[inline(always)]
#[cfg_attr(not(feature = "backend-processes"), allow(dead_code))]
pub(crate) fn step() {}

#[cfg(csp_steps)]
#[track_caller]
pub(crate) fn step() {
    steps::tell(steps::Moment::Step);
}

/// What time it is; in a model, its own time.
#[inline]
pub(crate) fn now() -> std::time::Instant {
    #[cfg(csp_steps)]
    if let Some(now) = steps::CLOCK.get() {
        return now;
    }
    std::time::Instant::now()
}

/// Where a model of processes that may die gets hold of this thread.
#[cfg(csp_steps)]
pub(crate) mod steps {
    use std::cell::Cell;
    use std::panic::Location;
    use std::time::Instant;

    use super::AtomicU32;

    pub(crate) enum Moment<'a> {
        /// Before something that other processes can see.
        Step,
        /// In a busy wait for another process.
        Pause,
        /// About to sleep on a word while it is this, at most until then.
        Sleep(&'a AtomicU32, u32, Option<Instant>),
        /// All who sleep on this word are woken.
        Wake(&'a AtomicU32),
    }

    thread_local! {
        /// What the model does at each of them.
        pub(crate) static HOOK: Cell<Option<fn(Moment<'_>, &'static Location<'static>)>> = const { Cell::new(None) };
        pub(crate) static CLOCK: Cell<Option<Instant>> = const { Cell::new(None) };
        /// Whether a process that waits is all that its OS process does, and says that it stands still.
        pub(crate) static STANDS_STILL: Cell<bool> = const { Cell::new(false) };
    }

    /// False: there is no model on this thread.
    #[track_caller]
    pub(crate) fn tell(moment: Moment<'_>) -> bool {
        let Some(hook) = HOOK.get() else { return false };
        hook(moment, Location::caller());
        true
    }
}

/// Whether to make a deliberate mistake, one that a model test must catch: see `.ci/mutants`.
#[cfg(csp_mutants)]
pub(crate) fn mutant(name: &str) -> bool {
    // FORK: only in model tests, which do not fork.
    static CHOSEN: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("CSP_MUTANT").unwrap_or_default()) == name
}

#[cfg(not(csp_mutants))]
#[inline(always)]
pub(crate) const fn mutant(_name: &str) -> bool {
    false
}

/// What a holder of a channel's lock writes down, so that others can undo what it did if it dies half way.
///
/// Only a home whose processes can die apart from each other has one; see `shared/PROTOCOL.md`.
pub(crate) trait Journal {
    /// `bytes` at `place`, at most eight, are about to change.
    fn note(&self, place: *const u8, bytes: usize);
    /// The next step makes all that was noted final: it completes this offer.
    fn pivot(&self, offer: *const u8, generation: u32);
    /// All that was noted is final.
    fn commit(&self);
}

/// Nothing is written down: whoever shares this memory dies with us.
#[derive(Clone, Copy)]
pub(crate) struct NoJournal;

impl Journal for NoJournal {
    #[inline(always)]
    fn note(&self, _place: *const u8, _bytes: usize) {}
    #[inline(always)]
    fn pivot(&self, _offer: *const u8, _generation: u32) {}
    #[inline(always)]
    fn commit(&self) {}
}

/// Proof that a channel's lock is held. Whoever has one may touch the [`Guarded`] fields of that channel, of the entries
/// queued on it, and of the entry that its holder brought along.
pub(crate) struct Held<J = NoJournal>(J);

impl<J: Journal> Held<J> {
    /// # Safety
    /// The lock is held until the value is gone, and the value is used only for what the lock protects.
    #[inline(always)]
    pub(crate) unsafe fn new(journal: J) -> Self {
        Self(journal)
    }

    #[inline(always)]
    pub(crate) fn journal(&self) -> &J {
        &self.0
    }
}

/// Plain data that a channel's lock protects; loom checks each access for races.
pub(crate) struct Guarded<T>(UnsafeCell<T>);

impl<T: Copy> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn get<J>(&self, _lock: &Held<J>) -> T {
        // SAFETY: the lock, which `Held` proves, excludes all others.
        self.0.with(|value| unsafe { *value })
    }

    /// Where it lies, for whoever checks by itself that nobody else is there.
    #[cfg(all(test, loom))]
    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.with_mut(|place| place)
    }

    #[inline]
    pub(crate) fn set<J: Journal>(&self, value: T, lock: &Held<J>) {
        self.0.with_mut(|place| {
            lock.journal().note(place.cast(), size_of::<T>());
            // SAFETY: as in `get`.
            unsafe { *place = value };
        });
    }
}

/// std's cell with loom's closure-taking face, so that one source serves both.
#[cfg(not(loom))]
mod std_cell {
    pub(super) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(super) fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }
        #[inline(always)]
        pub(super) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
            read(self.0.get())
        }
        #[inline(always)]
        pub(super) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
            write(self.0.get())
        }
    }
}
