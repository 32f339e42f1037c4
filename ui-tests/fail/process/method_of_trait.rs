//! A method of a trait cannot be a process.

use csp::prelude::*;

trait Serve {
    #[process]
    fn serve(&self);
}

fn main() {}
