//! Left of `?` stands an end.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    let count = 3;
    alt! {
        rows ? row  => println!("{row}"),
        count ? row => println!("{row} {tiles:?}"),
    }
    Ok(())
}

fn main() {}
