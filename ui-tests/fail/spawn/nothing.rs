//! There is something to start.

use csp::prelude::*;

fn main() {
    spawn!();
}
