//! Processes: what one is before it runs, and the ways to run it.

mod block;
mod branch;
pub(crate) mod context;
mod current;
mod latch;
mod lent;
mod outcome;
mod par;
mod quiet;
mod spawn;
mod value;

pub use block::{Block, BlockValue, block};
pub use branch::{Branch, Branches, Replicated, branch, replicate, replicated};
pub use current::{Current, current, yield_now};
pub use lent::{Lent, LentEnd, LentGuard, NotAnEnd, Probe};
pub use par::{ParSettings, par, seq};
pub use quiet::{Quit, quiet};
pub use spawn::{Handle, Scope, scope, spawn};
pub use value::{Caught, Meta, Process, process};
