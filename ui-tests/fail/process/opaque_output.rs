//! The output of a process has a named type.

use csp::prelude::*;

#[process]
fn worker() -> impl Iterator<Item = u32> {
    0..3
}

fn main() {}
