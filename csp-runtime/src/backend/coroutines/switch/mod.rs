//! How a worker's thread goes from one stack to another: to a coroutine, from one coroutine straight to the next, and back to the worker.
//!
//! Where there is none of our own for the processor, corosensei does it, by way of the worker each time.

#[cfg(not(all(target_arch = "x86_64", not(csp_corosensei))))]
mod by_worker;
#[cfg(all(target_arch = "x86_64", not(csp_corosensei)))]
mod direct;

#[cfg(not(all(target_arch = "x86_64", not(csp_corosensei))))]
pub(super) use by_worker::{Coroutine, IS_DIRECT};
#[cfg(all(target_arch = "x86_64", not(csp_corosensei)))]
pub(super) use direct::{Coroutine, IS_DIRECT};
