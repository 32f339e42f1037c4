//! After an unconditional `skip` no replicated guard is ever chosen.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    pri_alt! {
        skip => println!("{tiles:?}"),
        for row in [&rows] { row ? value => println!("{value}") }
    }
    Ok(())
}

fn main() {}
