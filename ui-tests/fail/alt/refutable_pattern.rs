//! The pattern of an input always matches.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? 3 => println!("three"),
    }
    Ok(())
}

fn main() {}
