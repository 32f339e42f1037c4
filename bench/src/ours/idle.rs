//! Processes that wait, in every way there is, for what does not come: they must not cost CPU time.

use std::time::{Duration, Instant};

use csp::Refusal;
use csp::prelude::*;

use crate::machine::Family;

/// How long the processes may take to come to rest, and how long they are watched.
const SETTLING: Duration = Duration::from_millis(300);
const WATCHED: Duration = Duration::from_secs(1);

/// Milliseconds of CPU time that 12 waiting processes and the one that watches them use in a second.
pub(super) fn idle() -> f64 {
    let (received_out, received) = channel();
    let (sent_out, sent) = channel();
    let (never_out, never) = channel();
    let (used, ..) = par! {
        watcher(std::process::id(), never, never_out, received_out, sent),
        4 * receiving(received.clone()),
        4 * sending(sent_out.clone()),
        4 * choosing(received, sent_out),
    };
    used.expect("the watcher's receive can only time out")
}

/// Holds an end of everybody's channel, so that the others end after it and not before.
#[process]
fn watcher(
    ancestor: u32,
    never: Receiver<u64>,
    _never_out: Sender<u64>,
    _held_out: Sender<u64>,
    _held: Receiver<u64>,
) -> Result<f64, Stopped> {
    assert_eq!(never.recv_timeout(SETTLING), Err(Refusal::TimedOut));
    let family = Family::of(ancestor);
    let (cpu, start) = (family.cpu_time(), Instant::now());
    assert_eq!(never.recv_timeout(WATCHED), Err(Refusal::TimedOut));
    Ok((family.cpu_time() - cpu).as_secs_f64() * 1e3 / start.elapsed().as_secs_f64())
}

#[process]
fn receiving(receiver: Receiver<u64>) {
    receiver.recv()?;
}

#[process]
fn sending(sender: Sender<u64>) {
    sender.send(0)?;
}

#[process]
fn choosing(receiver: Receiver<u64>, sender: Sender<u64>) {
    alt! {
        receiver ? _ => {}
        sender ! 0 => {}
    }
}
