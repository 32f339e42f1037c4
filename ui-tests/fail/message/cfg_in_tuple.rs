//! A field without a name is there in every configuration.

use csp::prelude::*;

#[message]
struct Tile(#[cfg(unix)] u32, u64);

#[message]
enum Event {
    Moved(u32, #[cfg(windows)] u64),
}

fn main() {}
