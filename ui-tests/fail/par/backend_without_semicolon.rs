//! The first line ends with a semicolon.

use csp::prelude::*;

#[process]
fn worker() {}

fn main() {
    par! {
        backend = threads,
        worker(),
    };
}
