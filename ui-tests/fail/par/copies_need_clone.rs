//! Copies are made by `Clone`.

use csp::prelude::*;

struct Name(String);

#[process]
fn worker(name: Name) {
    println!("{}", name.0);
}

fn main() {
    par! { 3 * worker(Name(String::new())) };
}
