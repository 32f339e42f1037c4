//! An output is a message.

use csp::prelude::*;

struct Image;

#[process]
fn worker() -> Image {
    Image
}

fn main() {}
