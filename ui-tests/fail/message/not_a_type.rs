//! Only a type can be a message.

use csp::prelude::*;

#[message]
fn tile() {}

fn main() {}
