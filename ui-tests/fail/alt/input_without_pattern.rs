//! An input has a pattern.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? => println!("received"),
    }
    Ok(())
}

fn main() {}
