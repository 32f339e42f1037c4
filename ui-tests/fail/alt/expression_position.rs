//! A mistake where a value is expected is reported alone.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    let row: u32 = alt! {
        rows ? row,
        tiles ! 3,
    };
    println!("{row}");
    Ok(())
}

fn main() {}
