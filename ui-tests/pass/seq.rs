//! `seq!` has the forms of `par!`, and runs them in order.
#![forbid(unsafe_code)]
#![deny(warnings)]

use csp::prelude::*;

#[process]
fn push(log: &mut Vec<u32>, n: u32) -> usize {
    log.push(n);
    log.len()
}

fn main() {
    let (mut log, mut other) = (Vec::new(), Vec::new());
    assert_eq!(seq! { push(&mut log, 1), push(&mut other, 2) }, (1, 1));
    let lengths = seq! {
        backend = threads;
        for n in 0..3 => { n + 1 },
        2 * { 7 },
        move(log) { log.len() }
    };
    assert_eq!(lengths, (vec![1, 2, 3], vec![7, 7], 1));
    let () = seq! {};
}
