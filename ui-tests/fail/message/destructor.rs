//! A message has no destructor of its own: it would run on both sides.

use csp::prelude::*;

#[message]
struct Guard {
    name: String,
}

impl Drop for Guard {
    fn drop(&mut self) {
        println!("{}", self.name);
    }
}

#[message]
struct Plain(u32);

impl Drop for Plain {
    fn drop(&mut self) {}
}

fn main() {}
