//! Only a function can wait.

use csp::prelude::*;

#[io]
struct Reader;

fn main() {}
