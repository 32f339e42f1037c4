//! What the macros expand to. Not for use by hand: it may change in any version.

pub use crate::channel::Release;
pub use crate::choice::{
    Chosen, Commit, FromStopped, Gathering, GuardList, Guards, Inputs, IntoDeadline, Order, OutputSlot, Outputs,
    Replicas, Slot, deadline, propagate,
};
pub use crate::io::{io, io_async};
pub use crate::message::{
    Decoder, Encoder, Malformed, MessagesMustNotImplementDrop, Piece, TicketKind, Tickets, abandon, decode_from,
    encode_into, encoded_len, is_plain, tickets,
};
pub use crate::process::{
    Block, BlockValue, Branch, Branches, Lent, LentEnd, LentGuard, Meta, NotAnEnd, ParSettings, Probe, Quit,
    Replicated, Taken, Visitor, block, branch, par, process, quiet, replicate, replicated, seq, spawn,
};

#[cfg(any(feature = "backend-processes", feature = "backend-coroutines", test))]
pub use crate::process::{Path, Variable, probe};
#[cfg(feature = "backend-processes")]
pub use crate::shared::audit::{Audit, audit};

/// What a process takes along: a function that looks at each of its arguments.
#[doc(hidden)]
#[macro_export]
#[cfg(any(feature = "backend-processes", feature = "backend-coroutines", test))]
macro_rules! __visit {
    ($args:ty: $($arg:ident)*) => {
        |args: &$args, visitor: &mut $crate::__private::Visitor<'_>| {
            #[allow(unused_imports)]
            use $crate::__private::probe::*;
            let ($($arg,)*) = args;
            $((&&&&$crate::__private::probe::Place::new($arg)).see(visitor);)*
            let _ = visitor;
        }
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(any(feature = "backend-processes", feature = "backend-coroutines", test)))]
macro_rules! __visit {
    ($($ignored:tt)*) => {
        |_, _| ()
    };
}

/// A block, for which what it takes along is looked up: `[variable] {…}` or `[variable.part] {…}`, and in braces parts of it that count only
/// if there is nothing to be seen of the whole. What stands in parentheses may also be a function. After a `;` stands the
/// variable of a part that the block is seen to change.
///
/// The block comes first, so that the compiler has read it, and knows the types of all that is used in it, when it comes to the places.
#[doc(hidden)]
#[macro_export]
#[cfg(any(feature = "backend-processes", test))]
macro_rules! __block {
    ({ $($places:tt)* } $($block:tt)*) => {{
        let mut seen = ::core::option::Option::None;
        loop {
            if let ::core::option::Option::Some(taken) = seen {
                break $($block)*.taking(taken);
            }
            #[allow(unused_imports)]
            use $crate::__private::probe::*;
            #[allow(unused_mut)]
            let mut taken = $crate::__private::Taken::new();
            $crate::__take!(taken $($places)*);
            seen = ::core::option::Option::Some(taken);
        }
    }};
}

#[doc(hidden)]
#[macro_export]
#[cfg(any(feature = "backend-processes", test))]
macro_rules! __take {
    ($taken:ident) => {};
    ($taken:ident [$variable:tt] { $($parts:tt)* } $($rest:tt)*) => {
        if !(&&&&Place::new(&$variable)).see(&mut $taken.visitor()) {
            $crate::__take!($taken $($parts)*);
        }
        $crate::__take!($taken $($rest)*);
    };
    ($taken:ident ($variable:tt) { $($parts:tt)* } $($rest:tt)*) => {
        let variable = &$variable;
        (&&&&&&Function(variable)).settle();
        (&&&&Place::new(variable)).see(&mut $taken.visitor());
        $crate::__take!($taken $($rest)*);
    };
    ($taken:ident [$part:expr $(; $variable:tt)?] { $($parts:tt)* } $($rest:tt)*) => {
        let path = $crate::__private::Path::new();
        let variable = $crate::__private::Variable::new();
        // Never runs, so it moves nothing; but the compiler finds out what such a closure would capture.
        #[allow(unreachable_code, clippy::never_loop, clippy::diverging_sub_expression)]
        loop {
            break;
            path.like(&move || {
                let _ = &raw const $part;
            });
            $crate::__variable!(variable $($variable)?);
        }
        if !(&&&&path.part(&raw const $part, (&variable).is_exclusive())).see(&mut $taken.visitor()) {
            $crate::__take!($taken $($parts)*);
        }
        $crate::__take!($taken $($rest)*);
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(any(feature = "backend-processes", test))]
macro_rules! __variable {
    ($like:ident) => {
        $like.like(&())
    };
    ($like:ident $variable:tt) => {
        $like.like(&$variable)
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(any(feature = "backend-processes", test)))]
macro_rules! __block {
    ({ $($places:tt)* } $($block:tt)*) => {
        $($block)*
    };
}

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
        $crate::__processes!()
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

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "backend-processes")]
macro_rules! __processes {
    () => {
        $crate::Backend::Processes
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "backend-processes"))]
macro_rules! __processes {
    () => {
        ::core::compile_error!("backend `processes` needs the Cargo feature `backend-processes` of csp-runtime")
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
