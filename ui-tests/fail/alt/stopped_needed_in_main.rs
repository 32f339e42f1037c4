//! A function that cannot return `Stopped` says what to do instead.

use csp::prelude::*;

fn main() {
    let (_rows_out, rows_in) = channel::<u32>();
    alt! {
        rows_in ? row => println!("{row}"),
    }
}
