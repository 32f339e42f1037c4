//! A process value that nothing runs does nothing.
#![deny(unused_must_use)]

use csp::prelude::*;

#[process]
fn worker(rows: Receiver<u32>) {
    rows.recv()?;
}

fn main() {
    let (_rows_out, rows_in) = channel();
    worker(rows_in);
}
