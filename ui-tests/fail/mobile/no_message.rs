//! Mobile data is made of messages.

use csp::prelude::*;

#[derive(Clone)]
struct Pixel(u8);

fn main() {
    let _ = Mobile::filled(10, Pixel(1));
}
