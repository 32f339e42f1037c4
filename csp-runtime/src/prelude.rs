//! What a program of processes needs: `use csp::prelude::*;`.

#[doc(no_inline)]
pub use crate::channel::{self, Named, Receiver, Sender, channel};
#[doc(no_inline)]
pub use crate::{
    Backend, Handle, Message, Mobile, Process, Stopped, alt, io, message, par, pri_alt, process, scope, seq, spawn,
};
