//! An atomic among the arguments would share memory.

use csp::prelude::*;

use std::sync::atomic::{AtomicU32, Ordering};

#[process]
fn worker(total: &AtomicU32) {
    total.fetch_add(1, Ordering::Relaxed);
}

fn main() {}
