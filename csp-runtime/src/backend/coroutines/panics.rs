//! A panic's hook runs on its worker's stack: a backtrace takes more room than a coroutine's stack may have left.

use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::atomic::{AtomicBool, Ordering};

use super::record;

/// A hook's argument, carried from a coroutine's stack to its worker's.
struct Carried<'a>(&'a PanicHookInfo<'a>);

// SAFETY: it is carried to another stack of the same thread, and no further: see `Record::on_workers_stack`.
unsafe impl Send for Carried<'_> {}

impl Carried<'_> {
    fn info(&self) -> &PanicHookInfo<'_> {
        self.0
    }
}

/// From now on the hook that is set runs on its worker's stack when a coroutine panics. A hook that the program sets
/// later replaces this, as it would any other, and runs on the coroutine's own stack.
///
/// Does nothing if the thread is panicking, when no hook may be set; nor in a forked process that has it from its parent.
pub(super) fn install() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if std::thread::panicking() || INSTALLED.load(Ordering::Relaxed) {
        return;
    }
    INSTALLED.store(true, Ordering::Relaxed); // by one at a time: whoever starts the workers
    let hook = take_hook();
    set_hook(Box::new(move |info| match record::running() {
        Some(record) => {
            let (hook, carried) = (&hook, Carried(info));
            record.on_workers_stack(move || hook(carried.info()));
        }
        None => hook(info),
    }));
}
