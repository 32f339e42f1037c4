//! The attribute goes where the body is.

use csp::prelude::*;

trait Read {
    #[io]
    fn read(&self);
}

fn main() {}
