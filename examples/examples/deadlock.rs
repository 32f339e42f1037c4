//! What a deadlock looks like: a panic that says who waits for what, and where.
//!
//! Two processes want to swap a number. Both send first, so neither receives, and nobody ever will.
//! To mend it, let one of them receive first, or give one channel a buffer: `channel::buffered(1)`.
//!
//! ```sh
//! cargo run --release --example deadlock               # ends with a report, and exit code 101
//! ```

use csp::prelude::*;

#[process]
fn swap(mine: u32, there: Sender<u32>, here: Receiver<u32>) -> Result<u32, Stopped> {
    there.send(mine)?;
    here.recv()
}

fn main() -> Result<(), Stopped> {
    println!("two processes are about to swap a number, and both send first");
    let (to_right, from_left) = channel().named("left to right");
    let (to_left, from_right) = channel().named("right to left");
    let (left, right) = par! {
        swap(1, to_right, from_right).named("left"),
        swap(2, to_left, from_left).named("right"),
    };
    println!("left has {}, right has {}", left?, right?);
    Ok(())
}
