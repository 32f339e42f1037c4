//! A channel carries messages; the error says what else to write.

use csp::prelude::*;

struct Tile;

fn main() {
    let (_tiles_out, _tiles_in) = channel::<Vec<Tile>>();
}
