//! What the macros expand to. Not for use by hand: it may change in any version.

pub use crate::channel::Release;
pub use crate::choice::{
    Chosen, Commit, FromStopped, Guard, GuardList, IntoDeadline, Order, OutputSlot, Replicas, Slot, after, choose,
    deadline, extended, input, output, propagate, skip,
};
pub use crate::io::{io, io_async};
pub use crate::message::{
    Decoder, Encoder, Malformed, MessagesMustNotImplementDrop, TicketKind, Tickets, abandon, decode_from, encode_into,
    encoded_len, is_plain, tickets,
};
pub use crate::process::{
    Block, BlockValue, Branch, Branches, Lent, LentEnd, LentGuard, Meta, NotAnEnd, ParSettings, Probe, Quit,
    Replicated, block, branch, par, process, quiet, replicate, replicated, seq, spawn,
};

/// Starts the schedule of the seeded backend afresh, as in a new program with this `CSP_SEED`. No process may be alive.
#[cfg(feature = "backend-seeded")]
pub fn reseed(seed: u64) {
    crate::backend::seeded::reseed(seed);
}

/// The backend that a macro's argument names, if this build has it.
#[doc(hidden)]
#[macro_export]
macro_rules! __backend {
    (threads) => {
        $crate::Backend::Threads
    };
    (seeded) => {
        $crate::__seeded!()
    };
    (coroutines) => {
        $crate::__coroutines!()
    };
    (processes) => {
        ::core::compile_error!("backend `processes` is not built yet: this version has `threads` and `coroutines`")
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "backend-seeded")]
macro_rules! __seeded {
    () => {
        $crate::Backend::Seeded
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "backend-seeded"))]
macro_rules! __seeded {
    () => {
        ::core::compile_error!("backend `seeded` needs the Cargo feature `backend-seeded` of csp-runtime")
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "backend-coroutines")]
macro_rules! __coroutines {
    () => {
        $crate::Backend::Coroutines
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "backend-coroutines"))]
macro_rules! __coroutines {
    () => {
        ::core::compile_error!("backend `coroutines` needs the Cargo feature `backend-coroutines` of csp-runtime")
    };
}

/// The end on the left of `?` in a choice. `Sender` has it only to explain itself.
impl<T> crate::Receiver<T> {
    #[doc(hidden)]
    pub fn __csp_receiver(&self) -> &crate::Receiver<T> {
        self
    }

    #[doc(hidden)]
    pub fn __csp_sender(&self) -> &crate::Sender<T>
    where
        Self: IsSender,
    {
        unreachable!("a receiver is no sender")
    }
}

/// The end on the left of `!` in a choice. `Receiver` has it only to explain itself.
impl<T> crate::Sender<T> {
    #[doc(hidden)]
    pub fn __csp_sender(&self) -> &crate::Sender<T> {
        self
    }

    #[doc(hidden)]
    pub fn __csp_receiver(&self) -> &crate::Receiver<T>
    where
        Self: IsReceiver,
    {
        unreachable!("a sender is no receiver")
    }
}

/// Has no implementation: its absence is the message.
#[diagnostic::on_unimplemented(
    message = "`!` sends: its left side must be a `Sender`",
    label = "this is a receiver",
    note = "to receive, write `receiver ? pattern`"
)]
pub trait IsSender {}

/// Has no implementation: its absence is the message.
#[diagnostic::on_unimplemented(
    message = "`?` receives: its left side must be a `Receiver`",
    label = "this is a sender",
    note = "to send, write `sender ! expression`"
)]
pub trait IsReceiver {}
