//! Choices: what `alt!` and `pri_alt!` expand to. How one commits is told in `rendezvous/PROTOCOL.md`.

mod choose;
mod commit;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
mod courtesy;
mod few;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
mod glance;
mod guard;
mod number;
mod propagate;
mod replicas;
mod slot;
mod waiting;

#[cfg(all(test, loom))]
pub(crate) use choose::choose_as;
pub use choose::{Chosen, Order, choose};
pub use commit::Commit;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) use courtesy::Courtesy;
pub use guard::{Guard, GuardList, IntoDeadline, after, deadline, extended, input, output, skip};
pub use number::Number;
pub use propagate::{FromStopped, propagate};
pub use replicas::Replicas;
pub use slot::{OutputSlot, Slot};
