//! A replicated part has a branch.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        for i in 0..3 {}
    }
    Ok(())
}

fn main() {}
