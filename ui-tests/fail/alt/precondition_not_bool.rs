//! A precondition is true or false.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        (3) & rows ? row => println!("{row}"),
    }
    Ok(())
}

fn main() {}
