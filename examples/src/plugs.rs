//! Processes to build networks from, as every occam system ships them.

use csp::prelude::*;

/// Sends `first`, then copies.
#[process]
pub fn prefix<T: Message>(first: T, input: Receiver<T>, output: Sender<T>) {
    output.send(first)?;
    for value in &input {
        output.send(value)?;
    }
}

/// Copies each value to both outputs.
#[process]
pub fn delta<T: Message + Clone>(input: Receiver<T>, left: Sender<T>, right: Sender<T>) {
    for value in &input {
        left.send(value.clone())?;
        right.send(value)?;
    }
}
