//! Two mistakes are reported at once.

use csp::prelude::*;

fn main() {
    let (first, second) = par! {
        || 1,
        async { 2 },
    };
    println!("{first} {second}");
}
