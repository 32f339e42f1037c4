//! A method of a trait impl cannot be a process.

use csp::prelude::*;

trait Serve {
    fn serve(&self);
}

struct Server;

impl Serve for Server {
    #[process]
    fn serve(&self) {}
}

fn main() {}
