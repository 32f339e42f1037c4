//! Inline blocks of `par!`: processes without a function.

use super::branch::Runnable;
use super::outcome::Payload;
use super::quiet::Quit;
use super::taken::Taken;
use super::value::Meta;
use super::visit::Visitor;
use crate::error::Stopped;
use crate::message::Message;

/// An inline block as a process.
#[must_use]
#[derive(Clone)]
pub struct Block<F> {
    body: F,
    taken: Taken,
    meta: Meta,
}

/// What an inline block expands to.
#[allow(clippy::default_constructed_unit_structs, reason = "it is one only where nothing is forked")]
pub fn block<F: FnOnce() -> O + Send, O: Message>(body: F) -> Block<F> {
    Block { body, taken: Taken::default(), meta: Meta::new("block") }
}

impl<F> Block<F> {
    fn into_body(self) -> F {
        self.body
    }

    /// With what it takes along, which was looked up before the closure took it.
    pub fn taking(self, taken: Taken) -> Self {
        Self { taken, ..self }
    }
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
        // What was noted of the ends that it takes along keeps no channel while it runs.
        let body = self.into_body();
        body()
    }

    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.taken.visit(visitor);
    }

    #[cfg(feature = "backend-processes")]
    fn release(self) {
        // What is in the closure nobody can tell.
        std::mem::forget(self.body);
    }

    fn conclude(result: Result<O, Payload>, _name: &str) -> Result<O, Payload> {
        result
    }
}
