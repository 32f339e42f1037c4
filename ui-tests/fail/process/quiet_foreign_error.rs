//! In a quiet process `?` takes the errors of channel operations only.

use csp::prelude::*;

#[process]
fn worker(name: String) {
    std::fs::read_to_string(name)?;
}

fn main() {}
