//! The value of a block is a message.

use csp::prelude::*;

struct Image;

fn main() {
    par! {
        { Image }
    };
}
