//! Between guard and body stands an arrow.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? _ { println!("received"); }
        tiles ! 3 => println!("sent"),
    }
    Ok(())
}

fn main() {}
