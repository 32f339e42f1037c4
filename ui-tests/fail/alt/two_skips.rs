//! One `skip` is always ready; a second one is never chosen.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        skip => println!("first"),
        skip => println!("second"),
    }
    Ok(())
}

fn main() {}
