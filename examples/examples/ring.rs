//! A token goes round a ring of processes, each of which adds 1 to it.
//!
//! ```sh
//! cargo run --release --example ring                   # 64 processes, 1000 laps
//! cargo run --release --example ring -- 15000 10
//! ```

use std::time::{Duration, Instant};

use csp::prelude::*;
use csp_examples::cli;

/// Passes the token on.
#[process]
fn element(left: Receiver<usize>, right: Sender<usize>) {
    for token in &left {
        right.send(token + 1)?;
    }
}

/// Starts the token, and ends the ring when it has come back `laps` times.
#[process]
fn root(left: Receiver<usize>, right: Sender<usize>, laps: usize) -> Result<(usize, Duration), Stopped> {
    right.send(1)?;
    let mut token = left.recv()?; // this first lap waits for all the others to start
    let start = Instant::now();
    for _ in 0..laps {
        right.send(token + 1)?;
        token = left.recv()?;
    }
    Ok((token, start.elapsed()))
}

fn main() -> Result<(), Stopped> {
    let [processes, laps] = cli::numbers([("PROCESSES", 64, 2..=2_000_000), ("LAPS", 1000, 1..=1_000_000_000)]);

    let (first, mut left) = channel();
    let mut elements = Vec::new();
    for _ in 1..processes {
        let (right, next) = channel();
        elements.push(element(left, right));
        left = next;
    }
    let (result, _) = par! {
        root(left, first, laps),
        for element in elements => element,
    };
    let (token, time) = result?;

    println!("{processes} processes, {} laps: the token is {token}", laps + 1);
    eprintln!("{:.0} ns a communication", time.as_nanos() as f64 / (processes * laps) as f64);
    Ok(())
}
