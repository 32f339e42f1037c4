//! Choices: what `alt!` and `pri_alt!` expand to. How one commits is told in `rendezvous/PROTOCOL.md`.

mod choose;
mod commit;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
mod courtesy;
mod few;
mod gathered;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
mod glance;
mod guard;
mod list;
mod propagate;
mod replicas;
mod slot;
mod stamp;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
mod tally;
mod waiting;

pub use choose::{Chosen, Order};
pub use commit::Commit;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) use courtesy::Courtesy;
pub use guard::{IntoDeadline, deadline};
pub use list::{GuardList, Guards, Inputs, Outputs};
pub use propagate::{FromStopped, propagate};
pub use replicas::{Gathering, Replicas};
pub use slot::{OutputSlot, Slot};
pub(crate) use stamp::Stamp;
