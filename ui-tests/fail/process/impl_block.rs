//! The attribute goes on a method, not on its block.

use csp::prelude::*;

struct Worker;

#[process]
impl Worker {
    fn run(&self) {}
}

fn main() {}
