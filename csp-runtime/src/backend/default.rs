//! Which backend a process gets: the one place that decides.
//!
//! Strongest first: `.on(…)`, the attribute's argument, the `par!`'s, the enclosing explicit choice, `CSP_BACKEND`
//! (or `Config`), the Cargo feature.

use super::Backend;
use crate::config;

/// The backend of a process for which somebody chose `explicit`, or nobody did.
pub(crate) fn backend(explicit: Option<Backend>) -> Backend {
    explicit.unwrap_or_else(|| config::effective().backend)
}

/// The strongest of the explicit choices.
pub(crate) fn strongest(own: Option<Backend>, par: Option<Backend>, enclosing: Option<Backend>) -> Option<Backend> {
    own.or(par).or(enclosing)
}

/// What the Cargo features say.
pub(crate) fn of_features() -> Backend {
    if cfg!(feature = "processes") {
        Backend::Processes
    } else if cfg!(feature = "coroutines") {
        Backend::Coroutines
    } else {
        Backend::Threads
    }
}
