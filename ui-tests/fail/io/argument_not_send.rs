//! What crosses to another thread is Send.

use csp::prelude::*;

use std::rc::Rc;

#[io]
fn length(text: Rc<String>) -> usize {
    text.len()
}

fn main() {}
