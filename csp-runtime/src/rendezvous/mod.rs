//! The one protocol: offers, their decision words, the queues of a channel, and how two offers meet. See `PROTOCOL.md`.

#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) mod across;
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
pub(crate) mod bias;
pub(crate) mod core;
pub(crate) mod decision;
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
pub(crate) mod hatch;
pub(crate) mod home;
pub(crate) mod local;
pub(crate) mod lock;
pub(crate) mod meet;
#[cfg(feature = "backend-processes")]
mod mend;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) mod neighbours;
pub(crate) mod offer;
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
mod pair;
mod queue;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) mod stand;
pub(crate) mod wait;
