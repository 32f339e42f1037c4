//! What is replicated is one process.

use csp::prelude::*;

#[process]
fn worker(number: u32) {
    println!("{number}");
}

fn main() {
    par! {
        for i in 0..3 => 2 * worker(i),
        for i in 0..3 => for j in 0..3 => worker(i * j),
    };
}
