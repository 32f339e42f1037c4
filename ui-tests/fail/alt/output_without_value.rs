//! An output has a value.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        tiles ! => println!("sent"),
    }
    Ok(())
}

fn main() {}
