//! A process that never ends says nothing about its output.

use csp::prelude::*;

#[process]
fn worker() -> ! {
    loop {}
}

fn main() {}
