//! A cell behind a shared pointer would share memory.

use csp::prelude::*;

use std::cell::Cell;
use std::sync::Arc;

#[process]
fn worker(total: Arc<Cell<u32>>) {
    total.set(1);
}

fn main() {}
