//! After an unconditional `skip` no guard is ever chosen.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    pri_alt! {
        skip       => println!("first"),
        rows ? row => println!("{row}"),
        tiles ! 3  => println!("sent"),
    }
    Ok(())
}

fn main() {}
