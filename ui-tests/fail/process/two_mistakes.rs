//! Two mistakes are reported at once.

use csp::prelude::*;

use std::sync::{Arc, Mutex};

#[process(backend = fibers, stack = "much")]
fn worker(total: Arc<Mutex<u32>>) -> impl Sized {
    total
}

fn main() {}
