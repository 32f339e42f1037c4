//! Inline blocks of `par!`: processes without a function.

use super::branch::Runnable;
use super::outcome::Payload;
use super::quiet::Quit;
use super::value::Meta;
use crate::error::Stopped;
use crate::message::Message;

/// An inline block as a process.
#[must_use]
#[derive(Clone)]
pub struct Block<F> {
    body: F,
    meta: Meta,
}

/// What an inline block expands to.
pub fn block<F: FnOnce() -> O + Send, O: Message>(body: F) -> Block<F> {
    Block { body, meta: Meta::new("block") }
}

/// What an inline block with `?` or `alt!` in it may evaluate to.
#[diagnostic::on_unimplemented(
    message = "an inline block with `?` or a choice in it evaluates to `()` or to a `Result<_, Stopped>`, not to `{Self}`",
    label = "neither `()` nor `Result<_, Stopped>`",
    note = "end the block with `;`, or with `Ok(value)`"
)]
pub trait BlockValue: Sized {
    /// The block's output.
    type Output: Message;
    /// From how the block ended.
    fn output(result: Result<Self, Quit>) -> Self::Output;
}

impl BlockValue for () {
    type Output = ();

    fn output(_: Result<Self, Quit>) {}
}

impl<V: Message> BlockValue for Result<V, Stopped> {
    type Output = Result<V, Stopped>;

    fn output(result: Result<Self, Quit>) -> Self {
        match result {
            Ok(value) => value,
            Err(Quit(stopped)) => Err(stopped),
        }
    }
}

impl<F: FnOnce() -> O + Send, O: Message> Runnable for Block<F> {
    type Raw = O;
    type Output = O;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn execute(self) -> O {
        (self.body)()
    }

    fn conclude(result: Result<O, Payload>, _name: &str) -> Result<O, Payload> {
        result
    }
}
