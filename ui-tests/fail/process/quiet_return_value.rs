//! A quiet process returns nothing.

use csp::prelude::*;

#[process]
fn worker(rows: Receiver<u32>) {
    if rows.recv()? > 3 {
        return Ok(());
    }
}

fn main() {}
