//! Only a function can be a process.

use csp::prelude::*;

#[process]
struct Worker;

fn main() {}
