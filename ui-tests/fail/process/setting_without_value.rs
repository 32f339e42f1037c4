//! A setting that needs a value has one.

use csp::prelude::*;

#[process(name, shares_memory = true)]
fn worker() {}

fn main() {}
