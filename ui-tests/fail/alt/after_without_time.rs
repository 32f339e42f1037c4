//! `after` takes a time.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        after      => println!("nothing came"),
    }
    Ok(())
}

fn main() {}
