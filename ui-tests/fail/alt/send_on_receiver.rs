//! `!` stands right of a sender.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ! 3 => println!("sent to {tiles:?}"),
    }
    Ok(())
}

fn main() {}
