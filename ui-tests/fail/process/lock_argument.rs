//! A lock among the arguments would share memory.

use csp::prelude::*;

use std::sync::{Arc, Mutex};

#[process]
fn worker(total: Arc<Mutex<u32>>) {
    *total.lock().unwrap() += 1;
}

fn main() {}
