//! A block with `?` yields `()` or a `Result<_, Stopped>`.

use csp::prelude::*;

fn main() {
    let (_rows_out, rows_in) = channel::<u32>();
    par! {
        {
            let row = rows_in.recv()?;
            row + 1
        }
    };
}
