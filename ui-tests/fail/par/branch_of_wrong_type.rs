//! A branch is a process.

use csp::prelude::*;

fn main() {
    par! {
        { println!("one") },
        "two".len(),
    };
}
