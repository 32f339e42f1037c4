//! An argument is always there.

use csp::prelude::*;

#[process]
fn worker(#[cfg(unix)] _descriptor: u32) {}

fn main() {}
