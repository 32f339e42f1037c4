//! Facts about the running process.

use crate::backend::Backend;
use crate::process::context;

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
    context::current(|context| Current { name: context.name().to_owned(), backend: context.backend() })
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
