//! A choice without a `stopped` branch: its end goes to the caller of the function around it, as with `?`.

use crate::error::Stopped;

/// What a function may return if a choice in it ends without a `stopped` branch.
#[diagnostic::on_unimplemented(
    message = "this choice may end with `Stopped`, which a function that returns `{Self}` cannot pass on",
    label = "the choice may end here",
    note = "add a branch `stopped reason => …`, or let the function return `Result<_, Stopped>`"
)]
pub trait FromStopped {
    /// The function's result.
    fn from_stopped(stopped: Stopped) -> Self;
}

impl<T, E: From<Stopped>> FromStopped for Result<T, E> {
    fn from_stopped(stopped: Stopped) -> Self {
        Err(stopped.into())
    }
}

/// What the function around the choice returns.
pub fn propagate<R: FromStopped>(stopped: Stopped) -> R {
    R::from_stopped(stopped)
}
