//! A replicated branch has an arrow.

use csp::prelude::*;

#[process]
fn worker(number: u32) {
    println!("{number}");
}

fn main() {
    par! {
        for i in 0..3 { worker(i) }
    };
}
