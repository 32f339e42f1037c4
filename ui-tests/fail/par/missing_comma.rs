//! Branches are separated by commas.

use csp::prelude::*;

#[process]
fn worker() {}

fn main() {
    par! {
        worker()
        worker()
    };
}
