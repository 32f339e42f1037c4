//! A process is neither const nor unsafe nor extern; all three are reported.

use csp::prelude::*;

#[process]
const fn first() {}

#[process]
unsafe extern "C" fn second() {}

fn main() {}
