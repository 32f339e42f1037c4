//! Processes without an output: `?` on a channel operation ends them, and nobody is told.

use std::convert::Infallible;

use crate::error::{Refusal, SendError, Stopped};

/// What `?` makes of a channel operation's error in a process without an output.
#[derive(Debug)]
pub struct Quit(pub(super) Stopped);

impl From<Stopped> for Quit {
    fn from(stopped: Stopped) -> Self {
        Self(stopped)
    }
}

impl From<Refusal> for Quit {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stopped(stopped) => Self(stopped),
            // In a block with an output this has to be some `Stopped`; nobody who asks is left behind.
            Refusal::NotReady | Refusal::TimedOut | Refusal::TooLarge { .. } => Self(Stopped::Retired),
        }
    }
}

impl<T> From<SendError<T>> for Quit {
    fn from(error: SendError<T>) -> Self {
        error.reason.into()
    }
}

impl From<Infallible> for Quit {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Runs the body of a process without an output.
pub fn quiet(body: impl FnOnce() -> Result<(), Quit>) {
    // The end is what the error asked for; poison goes on through the ends that the body has dropped.
    let _ = body();
}
