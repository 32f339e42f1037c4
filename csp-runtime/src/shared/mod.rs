//! Channels that forked processes share: the second home of the protocol, in the arena. See `PROTOCOL.md` beside this file.
//!
//! Any process may be killed between any two instructions. What it was doing under a channel's lock stands in its *journal* and is
//! undone, or is final; what it held is given back by whoever notices.

#![allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "finding a place in the arena and what is done there are one argument"
)]

pub(crate) mod audit;
mod bell;
pub(crate) mod census;
pub(crate) mod channel;
#[cfg(all(test, csp_steps))]
mod deaths;
pub(crate) mod desk;
mod following;
pub(crate) mod frame;
#[cfg(all(test, not(loom), not(csp_steps)))]
mod full_tests;
pub(crate) mod futex;
pub(crate) mod home;
pub(crate) mod judge;
pub(crate) mod message;
pub(crate) mod mobile;
pub(crate) mod moving;
pub(crate) mod operation;
mod ownership;
mod passing;
pub(crate) mod recover;
mod ring;
mod spin;
mod text;
mod turn;

/// Locks of this module that a forked child may need, held by the thread that forks.
pub(crate) struct Locks {
    _desks: std::sync::MutexGuard<'static, desk::Desks>,
    _bell: bell::Lock,
}

pub(crate) fn hold() -> Locks {
    Locks { _desks: desk::hold(), _bell: bell::hold() }
}

/// In a forked child: what this process had prepared is its parent's.
pub(crate) fn forget_the_parent() {
    desk::forget_all();
    bell::forget_all();
}
