//! A condition stands before its guard.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row if row > 3 => println!("{row}"),
    }
    Ok(())
}

fn main() {}
