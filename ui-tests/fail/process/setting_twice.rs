//! A setting is made once.

use csp::prelude::*;

#[process(name = "first", name = "second")]
fn worker() {}

fn main() {}
