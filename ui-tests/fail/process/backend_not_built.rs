//! A backend that is not built is an error, not another backend.

use csp::prelude::*;

#[process(backend = processes)]
fn worker() {}

fn main() {}
