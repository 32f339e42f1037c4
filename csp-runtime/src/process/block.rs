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

/// A block in which no `?` can end it.
pub fn block<F: FnOnce() -> O + Send, O: Message>(body: F) -> Block<F> {
    Block { body, meta: Meta::new("block") }
}

/// A block in which `?` may end it.
pub fn fallible_block<V: BlockValue, F: FnOnce() -> Result<V, Quit> + Send>(
    body: F,
) -> Block<impl FnOnce() -> V::Output + Send + use<V, F>> {
    block(move || V::output(body()))
}

/// What an inline block with `?` or `alt!` in it may evaluate to.
#[diagnostic::on_unimplemented(
    message = "an inline block with `?`, `return` or a choice in it evaluates to `()` or to a `Result<_, Stopped>`, not to `{Self}`",
    label = "neither `()` nor `Result<_, Stopped>`",
    note = "end the block with `;`, or with `Ok(value)`"
)]
pub trait BlockValue: Sized {
    /// The block's output.
    type Output: Message;
    /// From how the block ended.
    fn output(result: Result<Self, Quit>) -> Self::Output;
}

/// Asks of a block's last expression that it is a [`BlockValue`], so that the compiler blames it if not.
pub fn block_value<V: BlockValue>(value: V) -> V {
    value
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
