//! What to do otherwise is `skip`.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        _          => println!("nothing came"),
    }
    Ok(())
}

fn main() {}
