//! A choice has one `stopped` branch at most.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        stopped _ => println!("first"),
        stopped _ => println!("second"),
    }
    Ok(())
}

fn main() {}
