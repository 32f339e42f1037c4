//! A message borrows nothing.

use csp::prelude::*;

#[message]
struct Line<'a> {
    text: &'a str,
}

fn main() {}
