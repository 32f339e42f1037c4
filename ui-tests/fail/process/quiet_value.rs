//! The body of a quiet process has no value.

use csp::prelude::*;

#[process]
fn worker(rows: Receiver<u32>) {
    rows.recv()
}

fn main() {}
