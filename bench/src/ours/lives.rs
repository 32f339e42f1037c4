//! What a process costs by being there: its start and end, and its memory. Measured from inside a process.

use std::time::{Duration, Instant};

use csp::prelude::*;

use crate::machine::resident_bytes;
use crate::timing::WARM_UP;

/// Starts `at_once` processes that yield once, and waits for all of them; `times` over.
pub(super) fn start(at_once: usize, times: u64) -> Duration {
    par! { starter(at_once, times) }
}

#[process]
fn starter(at_once: usize, times: u64) -> Duration {
    (0..WARM_UP.div_ceil(at_once as u64)).for_each(|_| live(at_once));
    let start = Instant::now();
    (0..times).for_each(|_| live(at_once));
    start.elapsed()
}

fn live(count: usize) {
    if count == 1 {
        // Alone it gathers nothing in a vector, as little as the rivals do.
        assert_eq!(par! { yielding(7) }, 7);
        return;
    }
    let lived = par! { for number in 0..count => yielding(number) };
    assert!(lived.into_iter().eq(0..count));
}

#[process]
fn yielding(number: usize) -> usize {
    csp::yield_now();
    number
}

/// Resident bytes for each of `n` processes that wait to receive, with its channel.
pub(super) fn memory(n: usize) -> f64 {
    par! { keeper(n) }
}

#[process]
fn keeper(n: usize) -> f64 {
    let before = resident_bytes();
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..n as u64).map(|_| channel()).unzip();
    let (bytes, _) = par! {
        watcher(senders, before),
        for (number, numbers) in receivers.into_iter().enumerate() => waiting(number as u64, numbers),
    };
    bytes.expect("who waits stays") / n as f64
}

/// What there is more than `before` once every process has received, and waits for what does not come.
#[process]
fn watcher(senders: Vec<Sender<u64>>, before: f64) -> Result<f64, Stopped> {
    for (number, sender) in senders.iter().enumerate() {
        sender.send(number as u64)?;
    }
    Ok(resident_bytes() - before)
}

#[process]
fn waiting(own: u64, numbers: Receiver<u64>) {
    for number in &numbers {
        assert_eq!(number, own);
    }
}
