//! A panic's hook runs on its worker's stack: a backtrace takes more room than a coroutine's stack may have left.

use std::panic::PanicHookInfo;

use super::record;
use crate::backend::hook::Hook;

/// A hook's argument, carried from a coroutine's stack to its worker's.
struct Carried<'a>(&'a PanicHookInfo<'a>);

// SAFETY: it is carried to another stack of the same thread, and no further: see `Record::on_workers_stack`.
unsafe impl Send for Carried<'_> {}

impl Carried<'_> {
    fn info(&self) -> &PanicHookInfo<'_> {
        self.0
    }
}

/// Runs `hook`, where there is room for it.
pub(in crate::backend) fn run_hook(hook: &Hook, info: &PanicHookInfo<'_>) {
    match record::running() {
        Some(record) => {
            let carried = Carried(info);
            record.on_workers_stack(move || hook(carried.info()));
        }
        None => hook(info),
    }
}
