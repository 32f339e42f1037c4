//! There is something to wait for.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        stopped _ => println!("{rows:?} {tiles:?}"),
    }
    Ok(())
}

fn main() {}
