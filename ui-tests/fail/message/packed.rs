//! A packed type is no message.

use csp::prelude::*;

#[message]
#[repr(C, packed)]
struct Header {
    kind: u8,
    length: u32,
}

fn main() {}
