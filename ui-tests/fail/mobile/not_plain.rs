//! Only plain data is mobile.

use csp::prelude::*;

fn main() {
    let _ = Mobile::new(String::from("text"));
}
