//! Ten processes that sleep for 1 to 10 s and then say so: listing 2 of the PyCSP paper.
//!
//! Sleeping blocks a thread. Marked with `#[io]` it holds up no other process on any backend, so all ten together take as long as
//! the longest. (The paper's greenlets took the sum, until each such call was wrapped by hand.)
//!
//! ```sh
//! cargo run --release --example delay_output             # 10 s
//! cargo run --release --example delay_output -- 20       # with 20 ms for a second
//! ```

use std::time::{Duration, Instant};

use csp::prelude::*;
use csp_examples::cli;

#[io]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

#[process]
fn delay_output(number: u32, second: Duration, lines: Sender<String>) {
    sleep(number * second);
    lines.send(format!("process {number} has slept for {number} s"))?;
}

fn main() {
    let [milliseconds] = cli::numbers([("MILLISECONDS", 1000, 1..=10_000)]);
    let second = Duration::from_millis(milliseconds as u64);
    let start = Instant::now();
    let (lines_out, lines) = channel();
    par! {
        for (number, lines) in (1..=10).zip(std::iter::repeat_n(lines_out, 10)) => delay_output(number, second, lines),
        { lines.iter().for_each(|line| println!("{line}")) },
    };
    let seconds = start.elapsed().as_secs_f64() / second.as_secs_f64();
    eprintln!("all together: {seconds:.1} s");
    assert!(seconds >= 10.0, "a sleep was too short");
}
