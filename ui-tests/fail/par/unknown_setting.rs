//! The first line sets the backend and nothing else.

use csp::prelude::*;

#[process]
fn worker() {}

fn main() {
    par! {
        backends = threads;
        worker(),
    };
}
