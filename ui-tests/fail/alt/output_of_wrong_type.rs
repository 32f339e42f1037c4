//! An output has the type of the channel.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        tiles ! "three" => println!("sent"),
        rows ? row      => println!("{row}"),
    }
    Ok(())
}

fn main() {}
