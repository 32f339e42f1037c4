//! A branch waits for something.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows => println!("ready"),
    }
    Ok(())
}

fn main() {}
