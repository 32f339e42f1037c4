//! Coroutines of two workers meet although the worker of the one that waits is held up.

mod child;
#[path = "child/with_workers.rs"]
mod with_workers;
#[path = "child/workers.rs"]
mod workers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use csp::prelude::*;
use with_workers::is_child;
use workers::{at_last, worker};

/// So many go before, so that the channel knows that it is between workers.
const WARM_UP: u64 = 1000;
const TOO_LONG: Duration = Duration::from_secs(20);

/// What happens in a play.
#[derive(Default)]
struct Play {
    /// The sender's worker.
    sender: OnceLock<String>,
    /// The neighbour computes, and the receiver waits.
    computes: AtomicBool,
    /// The sender has gone on.
    sent: AtomicBool,
}

#[process(shares_memory)]
fn sends(numbers: Sender<u64>, play: Arc<Play>) -> Result<String, Stopped> {
    play.sender.get_or_init(worker);
    for number in 0..WARM_UP {
        numbers.send(number)?;
    }
    while !play.computes.load(Ordering::Acquire) {
        csp::yield_now();
    }
    numbers.send(WARM_UP)?;
    play.sent.store(true, Ordering::Release);
    Ok(worker())
}

#[process]
fn receives(numbers: Receiver<u64>, warm: Sender<()>) -> Result<String, Stopped> {
    for number in 0..WARM_UP {
        assert_eq!(numbers.recv()?, number);
    }
    warm.send(())?;
    assert_eq!(numbers.recv()?, WARM_UP);
    Ok(worker())
}

/// Holds its worker up, until the sender has gone on. True: it has.
#[process(shares_memory)]
fn computes(warm: Receiver<()>, play: Arc<Play>) -> Result<(String, bool), Stopped> {
    warm.recv()?;
    // The receiver goes on, and waits.
    csp::yield_now();
    play.computes.store(true, Ordering::Release);
    let start = Instant::now();
    let apart = play.sender.get() != Some(&worker());
    while apart && !play.sent.load(Ordering::Acquire) && start.elapsed() < TOO_LONG {
        std::hint::spin_loop();
    }
    Ok((worker(), play.sent.load(Ordering::Acquire)))
}

/// Whoever sends to a process that waits goes on at once, whatever else the worker of that one does.
#[test]
fn a_sender_does_not_wait_for_the_receivers_worker() {
    if !is_child("a_sender_does_not_wait_for_the_receivers_worker", "2") {
        return;
    }
    let went_on = at_last(|| {
        let (sender, receiver, (neighbour, went_on)) = play().expect("nobody stops");
        if sender == receiver || receiver != neighbour {
            return Err(format!("the sender on {sender}, the receiver on {receiver}, its neighbour on {neighbour}"));
        }
        Ok(went_on)
    });
    assert!(went_on, "the sender has waited until its partner's worker was free");
}

/// Two threads launch the halves: few that one launches stay on one worker. Gives who was where, and whether the sender went on.
fn play() -> Result<(String, String, (String, bool)), Stopped> {
    let (out, numbers) = channel();
    let (warm_out, warm) = channel();
    let play = Arc::new(Play::default());
    let (here, there) = (play.clone(), play);
    let (sender, (receiver, neighbour)) = thread::scope(|threads| {
        let sender = threads.spawn(move || {
            let (sender, ()) = par! { sends(out, here), {} };
            sender
        });
        let others = threads.spawn(move || par! { receives(numbers, warm_out), computes(warm, there) });
        (sender.join().expect("it ends"), others.join().expect("they end"))
    });
    Ok((sender?, receiver?, neighbour?))
}
