//! Arguments are Send.

use csp::prelude::*;

use std::rc::Rc;

#[process]
fn worker(count: u32, names: Rc<String>) {
    println!("{count} {names}");
}

fn main() {}
