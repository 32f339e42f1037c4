//! A backend has one of the known names.

use csp::prelude::*;

#[process(backend = fibers)]
fn worker() {}

fn main() {}
