//! `stopped` takes no precondition.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        (1 < 2) & stopped _ => println!("stopped"),
    }
    Ok(())
}

fn main() {}
