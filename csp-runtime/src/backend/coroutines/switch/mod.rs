//! How a worker's thread goes from one stack to another: to a coroutine, from one coroutine straight to the next, and back to the worker.
//!
//! Where there is none of our own for the processor, corosensei does it, by way of the worker each time.

#[cfg_attr(all(target_arch = "x86_64", not(csp_corosensei)), path = "direct.rs")]
#[cfg_attr(not(all(target_arch = "x86_64", not(csp_corosensei))), path = "by_worker.rs")]
mod chosen;

pub(super) use chosen::{Coroutine, IS_DIRECT};
