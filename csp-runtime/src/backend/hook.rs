//! What happens at a panic before the program's own hook: nobody forks while one runs, and a coroutine's runs where there is room for it.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// As std keeps it.
pub(super) type Hook = dyn Fn(&PanicHookInfo<'_>) + Sync + Send;

/// Before the first worker is there: from now on the hook that is set runs where a coroutine has room for it. A hook that the program sets later
/// replaces that, as it would any other.
///
/// Does nothing if the thread is panicking, when no hook may be set.
pub(super) fn install_for_coroutines() {
    #[cfg(feature = "backend-coroutines")]
    {
        static INSTALLED: AtomicBool = AtomicBool::new(false);
        wrap(&INSTALLED, |hook, info| super::coroutines::run_hook(hook, info));
    }
}

/// Before the first fork: nobody forks while the hook that is set runs. That for coroutines is installed too: in a child, std's lock of the
/// hook may be one that another thread of its parent's holds.
#[cfg(feature = "backend-processes")]
pub(super) fn install_for_forks() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    install_for_coroutines();
    wrap(&INSTALLED, |hook, info| {
        let _printing = super::passage::Printing::begin();
        hook(info);
    });
}

/// Once for each `installed`.
fn wrap(installed: &AtomicBool, run: fn(&Hook, &PanicHookInfo<'_>)) {
    // FORK: no child needs it: the hooks are installed before the first fork.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let is_installed = || installed.load(Ordering::Relaxed); // written under the lock, and read there once more
    if is_installed() || std::thread::panicking() {
        return;
    }
    let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    if !is_installed() {
        let hook = take_hook();
        set_hook(Box::new(move |info| run(&*hook, info)));
        installed.store(true, Ordering::Relaxed);
    }
}
