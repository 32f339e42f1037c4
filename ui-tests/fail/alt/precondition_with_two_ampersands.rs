//! One ampersand joins a precondition to its guard.

use csp::prelude::*;

fn choose(rows: Receiver<u32>, tiles: Sender<u32>) -> Result<(), Stopped> {
    let next = 3;
    alt! {
        (next < 4) && tiles ! next => println!("{rows:?}"),
    }
    Ok(())
}

fn main() {}
