//! Which worker of a child runs the caller.

use std::thread;

/// Plays until everybody is where it should be, but not for ever. (A worker that gets no processor is helped by others, who cannot tell it from
/// one that is blocked: then some are elsewhere.)
///
/// `play` gives what it wants to be seen, or says who was where instead.
pub(crate) fn at_last<T>(mut play: impl FnMut() -> Result<T, String>) -> T {
    const PLAYS: usize = 5;
    let mut last = String::new();
    for _ in 0..PLAYS {
        match play() {
            Ok(seen) => return seen,
            Err(where_else) => last = where_else,
        }
    }
    panic!("not once in {PLAYS} plays; at last: {last}")
}

pub(crate) fn worker() -> String {
    thread::current().name().expect("workers have names").to_owned()
}
