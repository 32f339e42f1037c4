//! A call that a process has made, which runs on another thread while that waits: whatever it does is that process's doing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Context, ContextKind, Entered};
use crate::backend::{self, Backend};
use crate::process::here;

/// Runs `call` for `process`, which waits for that on another thread: so whatever it does is done in that one's name, and counts as if that had done it.
///
/// # Safety
/// Until this returns, nobody else uses what `process` keeps for itself; all that it spawns goes into its latch, which is there.
pub(crate) unsafe fn run_for<R>(process: &Context, call: impl FnOnce() -> R) -> std::thread::Result<R> {
    let context = Context::standing_in_for(process);
    let _entered = Entered::new(&context, here::which_is_current());
    let result = catch_unwind(AssertUnwindSafe(call));
    // What has been spawned is awaited by the process, and not here.
    context.spawned.take();
    *process.poison.borrow_mut() = context.poison.take();
    result
}

impl Context {
    /// On this thread, for a call that `process` has made.
    fn standing_in_for(process: &Self) -> Self {
        let parker = backend::parker(Backend::Threads);
        let kind = ContextKind::Process;
        Self {
            kind: ContextKind::Call,
            backend: process.backend,
            poison: process.poison.clone(),
            committing: process.committing.clone(),
            spawned: process.spawned.clone(),
            ..Self::new(process.name.clone(), Backend::Threads, process.chosen, kind, process.catching, parker)
        }
    }
}
