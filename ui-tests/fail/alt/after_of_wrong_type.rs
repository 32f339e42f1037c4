//! `after` takes a `Duration` or an `Instant`.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        after 3    => println!("nothing came"),
    }
    Ok(())
}

fn main() {}
