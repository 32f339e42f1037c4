//! Branches are separated by commas.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}")
        tiles ! 3 => println!("sent"),
    }
    Ok(())
}

fn main() {}
