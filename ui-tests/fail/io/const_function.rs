//! A function that waits is not const.

use csp::prelude::*;

#[io]
const fn read() {}

fn main() {}
