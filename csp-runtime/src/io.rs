//! `#[io]`: calls that block. On threads a plain call; a backend that shares its threads runs it elsewhere.

use std::future::Future;

/// Runs a call that may block the thread for long.
pub fn io<R: Send>(call: impl FnOnce() -> R + Send) -> R {
    call()
}

/// Waits for a future. A crate that needs a runtime of its own, as tokio does, needs that entered around it.
pub fn io_async<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}
