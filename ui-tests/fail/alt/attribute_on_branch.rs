//! A branch takes no attributes.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    alt! {
        rows ? row => println!("{row}"),
        #[cfg(unix)]
        tiles ! 3 => println!("sent"),
    }
    Ok(())
}

fn main() {}
