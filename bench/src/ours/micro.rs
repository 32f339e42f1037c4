//! One construct at a time: the micro plan of the occam-pi suite, as far as we have its constructs.

use std::time::{Duration, Instant};

use csp::prelude::*;

use super::{networks, timed};
use crate::timing::WARM_UP;
use crate::workload::Op;

/// Processes of one `par!` that does nothing else.
const SKIPS: usize = 16;

/// `rounds` of `op`.
pub(super) fn micro(op: Op, rounds: u64) -> Duration {
    match op {
        Op::OneWay => networks::stream(rounds),
        Op::Echo => networks::pingpong(rounds),
        Op::Extended => over(1, extended, rounds),
        Op::Alt2 => over(2, fair, rounds),
        Op::Alt4 => over(4, fair, rounds),
        Op::Alt8 => over(8, fair, rounds),
        Op::Pri2 => over(2, priority, rounds),
        Op::Pri4 => over(4, priority, rounds),
        Op::Pri8 => over(8, priority, rounds),
        Op::FarTimeout => over(1, with_timeout, rounds),
        Op::ParSkip => par! { skips(rounds) },
        Op::Spawn => par! { spawner(rounds) },
        Op::Reschedule => par! { yielder(rounds), yielder(rounds) }.0,
    }
}

/// Receives the next number from one of `inputs`.
type Receive = fn(inputs: &[Receiver<u64>]) -> Result<u64, Stopped>;

/// One process sends over `n` channels in turn, the other receives by `receive`.
fn over(n: usize, receive: Receive, messages: u64) -> Duration {
    let (outputs, inputs): (Vec<_>, Vec<_>) = (0..n).map(|_| channel()).unzip();
    let (time, ()) = par! {
        receiving(inputs, receive, messages),
        round_robin(outputs),
    };
    timed(time)
}

#[process]
fn round_robin(outputs: Vec<Sender<u64>>) {
    for (number, output) in (0..).zip(outputs.iter().cycle()) {
        output.send(number)?;
    }
}

#[process]
fn receiving(inputs: Vec<Receiver<u64>>, receive: Receive, messages: u64) -> Result<Duration, Stopped> {
    let mut start = Instant::now();
    for expected in 0..WARM_UP + messages {
        if expected == WARM_UP {
            start = Instant::now();
        }
        assert_eq!(receive(&inputs)?, expected);
    }
    Ok(start.elapsed())
}

fn extended(inputs: &[Receiver<u64>]) -> Result<u64, Stopped> {
    inputs[0].recv_with(|number| number)
}

fn fair(inputs: &[Receiver<u64>]) -> Result<u64, Stopped> {
    alt! {
        for input in inputs {
            input ? number => Ok(number),
        }
        stopped why => Err(why),
    }
}

fn priority(inputs: &[Receiver<u64>]) -> Result<u64, Stopped> {
    pri_alt! {
        for input in inputs {
            input ? number => Ok(number),
        }
        stopped why => Err(why),
    }
}

fn with_timeout(inputs: &[Receiver<u64>]) -> Result<u64, Stopped> {
    let input = &inputs[0];
    alt! {
        input ? number => Ok(number),
        after Duration::from_secs(3600) => panic!("an hour has passed"),
        stopped why => Err(why),
    }
}

#[process]
fn skips(rounds: u64) -> Duration {
    let once = || {
        par! { for _ in 0..SKIPS => nothing() };
    };
    once();
    let start = Instant::now();
    (0..rounds.div_ceil(SKIPS as u64)).for_each(|_| once());
    start.elapsed()
}

#[process]
fn nothing() {}

#[process]
fn spawner(rounds: u64) -> Duration {
    let once = || spawn!(nothing()).join();
    (0..WARM_UP).for_each(|_| once());
    let start = Instant::now();
    (0..rounds).for_each(|_| once());
    start.elapsed()
}

/// One of two that yield to each other.
#[process]
fn yielder(rounds: u64) -> Duration {
    let start = Instant::now();
    (0..rounds).for_each(|_| csp::yield_now());
    start.elapsed()
}
