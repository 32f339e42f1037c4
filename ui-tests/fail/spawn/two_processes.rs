//! Each process has a `spawn!` of its own.

use csp::prelude::*;

#[process]
fn worker() {}

fn main() {
    spawn!(worker(), worker());
}
