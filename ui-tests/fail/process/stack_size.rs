//! A stack size is a number of bytes or a text with a unit.

use csp::prelude::*;

#[process(stack = "256 KB")]
fn worker() {}

#[process(stack = 0)]
fn idle() {}

fn main() {}
