//! The Fibonacci numbers from a network of plugs, a circuit in which nobody knows the whole:
//!
//! ```text
//!     ┌─────────────────────── pairs ◄─────────────┐
//!     ▼                                            │
//!     prefix(1) ──► prefix(0) ──────────────────► delta ──► print
//! ```
//!
//! What `pairs` sends are the sums of neighbouring numbers, which is where the next number comes from.
//!
//! ```sh
//! cargo run --release --example fibonacci              # 50 numbers
//! cargo run --release --example fibonacci -- 180
//! ```

use csp::prelude::*;
use csp_examples::cli;
use csp_examples::plugs::{delta, prefix};

/// Sends the sum of every two neighbouring numbers.
#[process]
fn pairs(numbers: Receiver<u128>, sums: Sender<u128>) {
    let mut before = numbers.recv()?;
    for number in &numbers {
        sums.send(before + number)?;
        before = number;
    }
}

#[process]
fn print(numbers: Receiver<u128>, count: usize) {
    for (n, number) in numbers.iter().take(count).enumerate() {
        println!("{n:3} {number}");
    }
}

fn main() {
    let [count] = cli::numbers([("COUNT", 50, 1..=180)]);

    let (sums_out, sums_in) = channel();
    let (from_one, to_zero) = channel();
    let (from_zero, to_delta) = channel();
    let (to_pairs, numbers) = channel();
    let (to_print, printed) = channel();
    par! {
        prefix(1, sums_in, from_one),
        prefix(0, to_zero, from_zero),
        delta(to_delta, to_pairs, to_print),
        pairs(numbers, sums_out),
        print(printed, count),
    };
}
