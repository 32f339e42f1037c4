//! Fields of every variant are messages.

use csp::prelude::*;

#[message]
enum Event<T> {
    Started,
    Moved { to: T },
    Failed(std::io::Error),
}

fn main() {}
