//! A union is no message.

use csp::prelude::*;

#[message]
union Bits {
    float: f32,
    int: u32,
}

fn main() {}
