//! A backend that is not built is an error, not another backend.

use csp::prelude::*;

#[process]
fn worker() {}

fn main() {
    par! {
        backend = processes;
        worker(),
    };
}
