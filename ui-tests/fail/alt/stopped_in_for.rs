//! `stopped` speaks for the whole choice.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        for row in [rows] {
            stopped _ => println!("{row:?}"),
            tiles ! 3 => println!("sent"),
        }
    }
    Ok(())
}

fn main() {}
