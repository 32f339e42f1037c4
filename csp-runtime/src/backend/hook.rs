//! What happens at a panic before the program's own hook: nobody forks while one runs, and a coroutine's runs where there is room for it.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

#[cfg(feature = "backend-coroutines")]
use super::coroutines;
#[cfg(feature = "backend-processes")]
use super::threshold::Printing;

/// As std keeps it.
pub(super) type Hook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send;

/// From now on the hook that is set runs so. A hook that the program sets later replaces this, as it would any other.
///
/// Does nothing if the thread is panicking, when no hook may be set.
pub(super) fn install() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    // FORK: no child needs it: the hook is installed before the first fork.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let is_installed = || INSTALLED.load(Ordering::Relaxed); // written under the lock, and read there once more
    if is_installed() || std::thread::panicking() {
        return;
    }
    let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_installed() {
        let hook = take_hook();
        set_hook(Box::new(move |info| run(&*hook, info)));
        INSTALLED.store(true, Ordering::Relaxed);
    }
}

fn run(hook: &Hook, info: &PanicHookInfo<'_>) {
    // std prints under locks of its own, and for long if it prints a backtrace.
    #[cfg(feature = "backend-processes")]
    let _printing = Printing::begin();
    #[cfg(feature = "backend-coroutines")]
    coroutines::run_hook(hook, info);
    #[cfg(not(feature = "backend-coroutines"))]
    hook(info);
}
