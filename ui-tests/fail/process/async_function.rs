//! A process is not async.

use csp::prelude::*;

#[process]
async fn worker() {}

fn main() {}
