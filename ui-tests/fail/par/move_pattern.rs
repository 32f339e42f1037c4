//! Moved are plain names.

use csp::prelude::*;

fn main() {
    let pair = (1, 2);
    par! {
        move((a, b)) { println!("{pair:?}"); }
    };
}
