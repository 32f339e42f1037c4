//! Facts about the running process, as a program asks for them. (`here.rs` knows which one it is.)

use crate::backend::Backend;
use crate::process::here;

/// What is known about the process that asks. Made by [`current`].
#[derive(Clone, Debug)]
pub struct Current {
    name: String,
    backend: Backend,
}

/// Facts about the running process; outside any process, about the main function or the thread.
///
/// # Examples
/// ```
/// use csp_runtime::prelude::*;
///
/// #[process]
/// fn worker() -> String {
///     csp_runtime::current().name().to_owned()
/// }
///
/// assert_eq!(worker().named("w3").run(), "w3");
/// ```
#[must_use]
pub fn current() -> Current {
    here::current(|context| Current { name: context.name().to_owned(), backend: context.backend() })
}

impl Current {
    /// The process's name: its function's, unless it was given another.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it runs.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.backend
    }
}

/// Lets other processes run. No program needs it to be right: channels make processes wait for each other. A process that
/// computes for long on the coroutines backend holds up the others of its worker, and may call this now and then.
///
/// # Examples
/// ```
/// let mut sum = 0_u64;
/// for n in 0..1_000_000_u64 {
///     sum += n * n;
///     if n % 100_000 == 0 {
///         csp_runtime::yield_now();
///     }
/// }
/// # assert!(sum > 0);
/// ```
pub fn yield_now() {
    crate::backend::yield_now();
}
