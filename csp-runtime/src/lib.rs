//! Communicating Sequential Processes as in occam: one source, several execution models.
//!
//! A program is made of *processes* that share nothing and meet on *channels*. `#[process]` makes a function one,
//! `par!` runs several at once, `alt!` chooses between communications. Users depend on this crate under the name `csp`:
//!
//! ```toml
//! [dependencies]
//! csp = { package = "csp-runtime", version = "0.1" }
//! ```
//!
//! ```
//! # extern crate csp_runtime as csp;
//! use csp::prelude::*;
//!
//! #[process]
//! fn squares(numbers: Receiver<u64>, out: Sender<u64>) {
//!     for n in &numbers {
//!         out.send(n * n)?; // a channel that has ended ends the process, quietly
//!     }
//! } // the ends are dropped here: the process retires from its channels
//!
//! let (numbers_out, numbers_in) = channel();
//! let (squares_out, squares_in) = channel();
//! let (_, _, sum) = par! {
//!     { (1..=10).try_for_each(|n| numbers_out.send(n)) },
//!     4 * squares(numbers_in, squares_out),
//!     { squares_in.iter().sum::<u64>() },
//! };
//! assert_eq!(sum, 385);
//! ```
//!
//! How it is built, and why, is told in `ARCHITECTURE.md` of the repository.

#![cfg_attr(loom, allow(dead_code, unused_imports))]

extern crate self as csp_runtime;

#[cfg(all(feature = "backend-processes", not(target_os = "linux")))]
compile_error!(
    "the backend `processes` needs Linux (fork, memfd and pidfd): leave the features `processes` and `backend-processes` off \
     here, and use `threads`"
);

#[cfg(all(feature = "backend-coroutines", not(target_os = "linux")))]
compile_error!(
    "the backend `coroutines` needs Linux so far, where alone it is tested: leave the features `coroutines` and \
     `backend-coroutines` off here, and use `threads`"
);

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(any(feature = "backend-processes", all(test, loom)))]
#[allow(dead_code, unused_imports, reason = "its tests and models ask for more, or less")]
mod arena;
mod backend;
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
mod barrier;
pub mod channel;
mod choice;
mod cloakroom;
mod config;
mod deadlock;
mod error;
#[cfg(feature = "backend-coroutines")]
mod fetch;
#[cfg(feature = "backend-coroutines")]
mod hosted;
mod io;
mod message;
#[cfg(all(test, loom))]
mod model;
pub mod prelude;
mod process;
mod rendezvous;
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
mod seldom;
#[cfg(feature = "backend-processes")]
mod shared;
mod sync;

#[doc(inline)]
pub use backend::{Backend, UnknownBackend};
pub use channel::{Named, Receiver, Sender, channel};
pub use config::{Config, ConfigError};
pub use error::{Cause, CauseKind, ProcessError, Refusal, SendError, Stopped};
pub use message::{Message, Mobile};
pub use process::{Branch, Caught, Current, Handle, Process, Replicated, Scope, current, scope, yield_now};

pub use csp_macros::{alt, io, message, par, pri_alt, process, seq, spawn};
