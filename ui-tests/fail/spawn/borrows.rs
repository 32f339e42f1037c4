//! A spawned process borrows nothing from its parent.

use csp::prelude::*;

#[process]
fn worker(numbers: &[u32]) {
    println!("{}", numbers.len());
}

fn main() {
    let numbers = vec![1, 2];
    spawn!(worker(&numbers));
}
