//! From the start of processes that wait for each other to the panic that reports it.

use std::panic::catch_unwind;
use std::time::Instant;

use csp::prelude::*;

use crate::cell::Outcome;
use crate::death::outcome;

/// Deadlocks for one figure: each prints its report, and starts its processes anew.
const SAMPLES: usize = 50;

/// `n` processes in a ring, none of which ever sends.
pub(super) fn deadlock(n: usize) -> Outcome {
    outcome((0..SAMPLES).map(|_| let_all_wait(n)).collect())
}

/// Nanoseconds.
fn let_all_wait(n: usize) -> u64 {
    let start = Instant::now();
    let panic = catch_unwind(|| {
        let (outputs, mut inputs): (Vec<_>, Vec<_>) = (0..n).map(|_| channel()).unzip();
        inputs.rotate_left(1);
        par! { for (input, output) in inputs.into_iter().zip(outputs) => waits(input, output) }
    });
    let took = start.elapsed();
    let panic = panic.expect_err("nobody sends");
    let report = panic.downcast_ref::<String>().expect("a panic with a message");
    assert!(report.contains("deadlock"), "it ended otherwise: {report}");
    took.as_nanos() as u64
}

#[process]
fn waits(input: Receiver<u64>, _output: Sender<u64>) {
    input.recv()?;
}
