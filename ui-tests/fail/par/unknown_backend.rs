//! An unknown word is taken for a variable, and there is none.

use csp::prelude::*;

#[process]
fn worker() {}

fn main() {
    par! {
        backend = fibers;
        worker(),
    };
}
