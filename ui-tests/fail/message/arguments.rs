//! The attribute takes no arguments.

use csp::prelude::*;

#[message(copy)]
struct Tile(u32);

fn main() {}
