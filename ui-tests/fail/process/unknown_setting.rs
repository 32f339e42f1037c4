//! A setting has one of the known names.

use csp::prelude::*;

#[process(priority = 3)]
fn worker() {}

fn main() {}
