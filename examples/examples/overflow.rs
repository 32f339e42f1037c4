//! What a stack overflow looks like: the program ends, and on coroutines it says whose stack that was and what makes it larger.
//!
//! A process counts the links of a long chain by recursion, which takes a frame for each: more than its stack has.
//!
//! ```sh
//! cargo run --release --example overflow --features coroutines    # ends with a report, by SIGABRT
//! ```
//!
//! On threads the words are std's, which knows the thread and not the process. On processes only the forked one ends so, and
//! `par!` panics.

use std::hint::black_box;

use csp::prelude::*;

/// How many links follow, by recursion.
fn links_after(link: u64, last: u64) -> u64 {
    let link = black_box(link); // or the compiler might make a loop of it
    if link == last { 0 } else { black_box(links_after(link + 1, last)) + 1 }
}

#[process]
fn count(out: Sender<u64>) {
    out.send(links_after(0, 100_000_000))?;
}

fn main() {
    println!("a process is about to count a hundred million links by recursion");
    let (out, input) = channel();
    let (_, links) = par! { count(out).named("the counter"), { input.recv() } };
    println!("there are {links:?}");
}
