//! The primitives that the protocols stand on: std's own, or loom's when a model test runs the shipped code.

#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) use std::sync::atomic::AtomicBool;
#[cfg(all(
    not(loom),
    any(feature = "backend-coroutines", all(feature = "backend-processes", target_os = "linux"))
))]
pub(crate) use std::sync::atomic::fence;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};

#[cfg(loom)]
use loom::cell::UnsafeCell;
#[cfg(not(loom))]
use std_cell::UnsafeCell;

/// One pause of a busy wait for a step that another running process is about to take.
#[cfg(not(loom))]
#[inline]
pub(crate) fn pause(attempt: u32) {
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

/// Stands before each step that writes to memory shared between processes. Under `--cfg csp_steps` a test may end the
/// process that is about to take it, as a kill would: see [`at_each_step`].
#[cfg(not(csp_steps))]
#[inline(always)]
#[allow(dead_code, reason = "the processes backend asks")]
pub(crate) fn step() {}

#[cfg(csp_steps)]
#[allow(dead_code, reason = "the processes backend asks")]
pub(crate) fn step() {
    if let Some(hook) = STEP.get() {
        hook();
    }
}

#[cfg(csp_steps)]
thread_local! {
    static STEP: std::cell::Cell<Option<fn()>> = const { std::cell::Cell::new(None) };
}

/// From now on this thread calls `hook`, which may unwind, before each of its steps.
#[cfg(csp_steps)]
#[allow(dead_code, reason = "tests ask")]
pub(crate) fn at_each_step(hook: Option<fn()>) {
    STEP.set(hook);
}

/// Whether to make a deliberate mistake, one that a model test must catch: see `.ci/mutants`.
#[cfg(csp_mutants)]
pub(crate) fn mutant(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("CSP_MUTANT").unwrap_or_default()) == name
}

#[cfg(not(csp_mutants))]
#[inline(always)]
pub(crate) const fn mutant(_name: &str) -> bool {
    false
}

/// Proof that a channel's lock is held. Whoever has one may touch the [`Guarded`] fields of that channel, of the entries
/// queued on it, and of the entry that its holder brought along.
pub(crate) struct Held(());

impl Held {
    /// # Safety
    /// The lock is held until the value is gone, and the value is used only for what the lock protects.
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

/// Plain data that a channel's lock protects; loom checks each access for races.
pub(crate) struct Guarded<T>(UnsafeCell<T>);

impl<T: Copy> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn get(&self, _lock: &Held) -> T {
        // SAFETY: the lock, which `Held` proves, excludes all others.
        self.0.with(|value| unsafe { *value })
    }

    #[inline]
    pub(crate) fn set(&self, value: T, _lock: &Held) {
        // SAFETY: as in `get`.
        self.0.with_mut(|place| unsafe { *place = value });
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
