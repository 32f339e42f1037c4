//! A choice has a branch.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    pri_alt! {}
    println!("{rows:?} {tiles:?}");
    Ok(())
}

fn main() {}
