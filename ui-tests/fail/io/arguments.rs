//! The attribute takes no arguments.

use csp::prelude::*;

#[io(pool = 3)]
fn read() {}

fn main() {}
