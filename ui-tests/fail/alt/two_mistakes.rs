//! Two mistakes are reported at once.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row,
        tiles ! 3 => println!("sent"),
        after     => println!("nothing came"),
    }
    Ok(())
}

fn main() {}
