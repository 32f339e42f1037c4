//! `stopped` binds the reason.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        stopped    => println!("stopped"),
    }
    Ok(())
}

fn main() {}
