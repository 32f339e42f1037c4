//! Processes: what one is before it runs, and the ways to run it.

mod block;
mod branch;
pub(crate) mod context;
mod current;
#[cfg(feature = "backend-processes")]
mod forked;
pub(crate) mod here;
mod latch;
mod lent;
pub(crate) mod outcome;
mod par;
#[cfg(any(feature = "backend-processes", feature = "backend-coroutines", test))]
pub mod probe;
mod quiet;
#[cfg(feature = "backend-processes")]
pub(crate) mod released;
mod short_way;
mod spawn;
mod stretches;
mod taken;
mod value;
mod visit;
#[cfg(all(test, not(loom)))]
mod visit_block_tests;
#[cfg(all(test, not(loom)))]
mod visit_tests;

pub use block::{Block, BlockValue, block};
pub use branch::{Branch, Branches, Replicated, branch, replicate, replicated};
pub use current::{Current, current, yield_now};
pub use lent::{Lent, LentEnd, LentGuard, NotAnEnd, Probe};
pub use par::{ParSettings, par, seq};
pub use quiet::{Quit, quiet};
pub use spawn::{Handle, Scope, scope, spawn};
pub use taken::Taken;
#[cfg(any(feature = "backend-processes", feature = "backend-coroutines", test))]
pub use taken::{Path, Variable};
pub use value::{Caught, Meta, Process, process};
pub use visit::Visitor;
#[cfg_attr(not(test), allow(unused_imports, reason = "the processes backend will ask"))]
pub(crate) use visit::{Mutable, Visit};
