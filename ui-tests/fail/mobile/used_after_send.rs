//! Who has sent mobile data can no longer reach it.

use csp::prelude::*;

fn main() {
    let (pictures_out, _pictures_in) = channel();
    let mut picture = Mobile::filled(1000, 0_u8);
    let first = &mut picture[0];
    let _ = pictures_out.send(picture);
    *first = 1;

    let picture = Mobile::filled(1000, 0_u8);
    let _ = pictures_out.send(picture);
    println!("{}", picture[0]);
}
