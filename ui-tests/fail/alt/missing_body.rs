//! An arrow points at a body.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? _ => ,
        tiles ! 3 => println!("sent"),
    }
    Ok(())
}

fn main() {}
