//! A field is a message too, and is blamed at its type.

use csp::prelude::*;

struct Pixels;

#[message]
struct Tile {
    row: u32,
    pixels: Vec<Pixels>,
}

fn main() {}
