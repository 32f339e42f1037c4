//! The pattern of an argument always matches.

use csp::prelude::*;

#[process]
fn worker(Some(first): Option<u32>) {
    println!("{first}");
}

fn main() {}
