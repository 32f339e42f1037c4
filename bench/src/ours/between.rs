//! Two processes that talk across two workers, each of which has another process to run as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use csp::prelude::*;

use super::timed;
use crate::timing::WARM_UP;

/// There and back between two workers; beside either process one that only yields.
///
/// What a thread launches stays together on one worker, and threads take turns with the workers: so two threads launch them.
pub(super) fn between(round_trips: u64) -> Duration {
    let (requests_out, requests) = channel();
    let (replies_out, replies) = channel();
    let over = Arc::new(AtomicBool::new(false));
    let (time, ()) = std::thread::scope(|threads| {
        let (here, there) = (over.clone(), over.clone());
        let client = threads.spawn(move || {
            let (time, ()) = par! { client(requests_out, replies, round_trips, here.clone()), yielding(here) };
            time
        });
        let server = threads.spawn(move || {
            let ((), ()) = par! { server(requests, replies_out), yielding(there) };
        });
        (client.join().expect("the client ends"), server.join().expect("the server ends"))
    });
    timed(time)
}

#[process(shares_memory)]
fn client(
    requests: Sender<u64>,
    replies: Receiver<u64>,
    round_trips: u64,
    over: Arc<AtomicBool>,
) -> Result<Duration, Stopped> {
    exchange(&requests, &replies, WARM_UP)?;
    let start = Instant::now();
    exchange(&requests, &replies, round_trips)?;
    let taken = start.elapsed();
    over.store(true, Ordering::Relaxed);
    Ok(taken)
}

fn exchange(requests: &Sender<u64>, replies: &Receiver<u64>, count: u64) -> Result<(), Stopped> {
    for request in 0..count {
        requests.send(request)?;
        assert_eq!(replies.recv()?, request + 1);
    }
    Ok(())
}

#[process]
fn server(requests: Receiver<u64>, replies: Sender<u64>) {
    for request in &requests {
        replies.send(request + 1)?;
    }
}

#[process(shares_memory)]
fn yielding(over: Arc<AtomicBool>) {
    while !over.load(Ordering::Relaxed) {
        csp::yield_now();
    }
}
