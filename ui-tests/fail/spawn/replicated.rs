//! A spawned process is one process.

use csp::prelude::*;

#[process]
fn worker() {}

fn main() {
    spawn!(3 * worker());
    spawn!(for _ in 0..3 => worker());
}
