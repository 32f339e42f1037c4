//! `?` stands right of a receiver.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    struct Ends { tiles: Sender<u32> }
    let ends = Ends { tiles };
    alt! {
        rows ? row        => println!("{row}"),
        ends.tiles ? tile => println!("{tile}"),
    }
    Ok(())
}

fn main() {}
