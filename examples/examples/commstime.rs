//! Commstime (Peter Welch): how long does one communication take?
//!
//! Four processes count 0, 1, 2, … by sending a number round and round, and do nothing else:
//!
//! ```text
//!        ┌──────── successor ◄───────┐
//!        ▼                           │
//!     prefix(0) ────────────────►  delta ────► consumer
//! ```
//!
//! ```sh
//! cargo run --release --example commstime              # 20,000 numbers
//! cargo run --release --example commstime -- 1000000
//! ```

use std::time::{Duration, Instant};

use csp::prelude::*;
use csp_examples::cli;
use csp_examples::plugs::{delta, prefix};

/// Numbers to take before the clock starts.
const WARM_UP: usize = 16;

#[process]
fn successor(input: Receiver<u64>, output: Sender<u64>) {
    for number in &input {
        output.send(number + 1)?;
    }
}

/// Takes `loops` numbers; returns the last one, and the time.
#[process]
fn consumer(numbers: Receiver<u64>, loops: usize) -> Result<(u64, Duration), Stopped> {
    for _ in 0..WARM_UP {
        numbers.recv()?;
    }
    let start = Instant::now();
    let mut last = 0;
    for _ in 0..loops {
        last = numbers.recv()?;
    }
    Ok((last, start.elapsed()))
} // `numbers` is dropped here: `delta` cannot send any more and ends, and so, one after the other, do all

fn main() -> Result<(), Stopped> {
    let [loops] = cli::numbers([("LOOPS", 20_000, 1..=1_000_000_000)]);

    let (counted, to_delta) = channel();
    let (to_consumer, numbers) = channel();
    let (to_successor, number) = channel();
    let (incremented, to_prefix) = channel();
    let (_, _, _, result) = par! {
        prefix(0, to_prefix, counted),
        delta(to_delta, to_successor, to_consumer),
        successor(number, incremented),
        consumer(numbers, loops),
    };
    let (last, time) = result?;

    println!("{loops} loops, the last number is {last}");
    let nanoseconds = time.as_nanos() as f64 / loops as f64;
    eprintln!("{nanoseconds:.0} ns a loop, {:.0} ns a communication", nanoseconds / 4.0);
    Ok(())
}
