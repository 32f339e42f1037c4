//! A message is Send.

use csp::prelude::*;

#[message]
struct Tile {
    pixels: std::rc::Rc<u32>,
}

fn main() {}
