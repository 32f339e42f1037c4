//! Networks of async tasks on tokio's current-thread runtime, whose end also ends whoever is left over.

use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::yield_now;

use super::{Gone, field, lives};
use crate::cell::{Cell, Outcome};
use crate::timing::{LOOPS_UNTIMED, WARM_UP, ns_per_round};
use crate::workload::Workload;

/// A crate's narrowest async channel of `u64`: nothing but its own calls, so that nothing comes between.
pub(super) trait AsyncRival: 'static {
    type Sender: Send + Sync + 'static;
    type Receiver: Send + 'static;
    fn narrowest() -> (Self::Sender, Self::Receiver);
    fn send(sender: &Self::Sender, message: u64) -> impl Future<Output = Result<(), Gone>> + Send;
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Result<u64, Gone>> + Send;
}

/// Runs `cell` over the channels of `R`.
///
/// # Panics
/// If there is no such program, or a result is wrong.
pub(super) fn network<R: AsyncRival>(cell: Cell) -> Outcome {
    match cell.workload {
        Workload::Pingpong => ns_per_round(|trips| measured(pingpong::<R>(trips))).into(),
        Workload::Stream => ns_per_round(|messages| measured(stream::<R>(messages))).into(),
        Workload::Commstime => ns_per_round(|loops| measured(commstime::<R>(loops))).into(),
        Workload::Ring => {
            let n = cell.params.n();
            (ns_per_round(|laps| measured(ring::<R>(n, 1, laps))) / n as f64).into()
        }
        Workload::Tokens => {
            let (n, tokens) = (cell.params.n(), cell.params.tokens());
            (ns_per_round(|laps| measured(ring::<R>(n, tokens, laps))) / (n * tokens) as f64).into()
        }
        Workload::CommstimePar => ns_per_round(|loops| measured(field::commstime_par::<R>(loops))).into(),
        Workload::OccamRing => {
            let (n, tokens) = (cell.params.n(), cell.params.tokens());
            (ns_per_round(|rounds| measured(field::occam_ring::<R>(n, tokens, rounds))) / (n * tokens) as f64).into()
        }
        Workload::Primes => measured(lives::primes::<R>(cell.params.n())).into(),
        Workload::Memory => measured(lives::memory::<R>(cell.params.n())).into(),
        Workload::Start => {
            let n = cell.params.n();
            (ns_per_round(|times| measured(lives::start(n, times))) / n as f64).into()
        }
        Workload::Choice => ns_per_round(|messages| measured(inputs::<R>(messages))).into(),
        Workload::Switch => ns_per_round(|times| measured(switch(times))).into(),
        other => panic!("{} has no {}", cell.subject.name(), other.name()),
    }
}

/// Runs `measuring` as a task among the tasks that it spawns: the thread's own wake-up is not part of it.
fn measured<T: Send + 'static>(measuring: impl Future<Output = Result<T, Gone>> + Send + 'static) -> T {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let result = runtime.block_on(async { tokio::spawn(measuring).await });
    result.expect("who measures counts correctly").expect("nobody leaves before the one that measures")
}

/// Two tasks: there and back.
async fn pingpong<R: AsyncRival>(round_trips: u64) -> Result<Duration, Gone> {
    let (requests_out, requests) = R::narrowest();
    let (replies_out, mut replies) = R::narrowest();
    tokio::spawn(forward::<R>(requests, replies_out));
    let mut start = Instant::now();
    for request in 0..WARM_UP + round_trips {
        if request == WARM_UP {
            start = Instant::now();
        }
        R::send(&requests_out, request).await?;
        assert_eq!(R::recv(&mut replies).await?, request + 1);
    }
    Ok(start.elapsed())
}

/// One task sends, the other receives.
async fn stream<R: AsyncRival>(messages: u64) -> Result<Duration, Gone> {
    let (sender, receiver) = R::narrowest();
    tokio::spawn(count::<R>(sender));
    timed_consumer::<R>(receiver, WARM_UP, messages).await
}

/// `n` tasks in a ring pass tokens, which each increments.
///
/// The first of them start with a token each, numbered as if it had come all the way from the origin.
async fn ring<R: AsyncRival>(n: usize, tokens: usize, laps: u64) -> Result<Duration, Gone> {
    let (first, mut left) = R::narrowest();
    for place in 1..n {
        let (right, next) = R::narrowest();
        tokio::spawn(element::<R>(left, right, (place < tokens).then_some(place as u64)));
        left = next;
    }
    let mut token = 0;
    let mut start = Instant::now();
    for lap in 0..=laps {
        for _ in 0..tokens {
            R::send(&first, token + 1).await?;
            token = R::recv(&mut left).await?;
            assert_eq!(token, (lap + 1) * n as u64, "each of the {n} increments a token once a lap");
        }
        if lap == 0 {
            start = Instant::now();
        }
    }
    Ok(start.elapsed())
}

/// The occam benchmark, with a sequential delta that serves the consumer first.
async fn commstime<R: AsyncRival>(loops: u64) -> Result<Duration, Gone> {
    let (prefix_out, delta_in) = R::narrowest();
    let (delta_out, successor_in) = R::narrowest();
    let (successor_out, prefix_in) = R::narrowest();
    let (consumer_out, consumer_in) = R::narrowest();
    tokio::spawn(prefix::<R>(prefix_in, prefix_out));
    tokio::spawn(delta::<R>(delta_in, consumer_out, delta_out));
    tokio::spawn(forward::<R>(successor_in, successor_out));
    timed_consumer::<R>(consumer_in, LOOPS_UNTIMED, loops).await
}

pub(super) async fn prefix<R: AsyncRival>(mut input: R::Receiver, output: R::Sender) -> Result<(), Gone> {
    R::send(&output, 0).await?;
    loop {
        R::send(&output, R::recv(&mut input).await?).await?;
    }
}

async fn delta<R: AsyncRival>(mut input: R::Receiver, first: R::Sender, second: R::Sender) -> Result<(), Gone> {
    loop {
        let number = R::recv(&mut input).await?;
        R::send(&first, number).await?;
        R::send(&second, number).await?;
    }
}

/// One task selects over 8 writers, each of which counts up.
async fn inputs<R: AsyncRival>(messages: u64) -> Result<Duration, Gone> {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = std::array::from_fn(|_| {
        let (writer, receiver) = R::narrowest();
        tokio::spawn(count::<R>(writer));
        receiver
    });
    let mut next = [0; 8];
    let mut start = Instant::now();
    for message in 0..WARM_UP + messages {
        if message == WARM_UP {
            start = Instant::now();
        }
        let (index, number) = tokio::select! {
            number = R::recv(&mut a) => (0, number?),
            number = R::recv(&mut b) => (1, number?),
            number = R::recv(&mut c) => (2, number?),
            number = R::recv(&mut d) => (3, number?),
            number = R::recv(&mut e) => (4, number?),
            number = R::recv(&mut f) => (5, number?),
            number = R::recv(&mut g) => (6, number?),
            number = R::recv(&mut h) => (7, number?),
        };
        assert_eq!(number, next[index]);
        next[index] += 1;
    }
    Ok(start.elapsed())
}

/// One task yields.
async fn switch(times: u64) -> Result<Duration, Gone> {
    for _ in 0..WARM_UP {
        yield_now().await;
    }
    let start = Instant::now();
    for _ in 0..times {
        yield_now().await;
    }
    Ok(start.elapsed())
}

/// Passes on its own token, where it has one, and then whatever comes.
async fn element<R: AsyncRival>(left: R::Receiver, right: R::Sender, token: Option<u64>) -> Result<(), Gone> {
    if let Some(token) = token {
        R::send(&right, token + 1).await?;
    }
    forward::<R>(left, right).await
}

/// Passes on each number plus one.
pub(super) async fn forward<R: AsyncRival>(mut left: R::Receiver, right: R::Sender) -> Result<(), Gone> {
    loop {
        R::send(&right, R::recv(&mut left).await? + 1).await?;
    }
}

/// Sends 0, 1, 2, ….
async fn count<R: AsyncRival>(numbers: R::Sender) -> Result<(), Gone> {
    for number in 0.. {
        R::send(&numbers, number).await?;
    }
    Ok(())
}

/// Receives 0, 1, 2, … and times all but the first `untimed`.
pub(super) async fn timed_consumer<R: AsyncRival>(
    mut numbers: R::Receiver,
    untimed: u64,
    timed: u64,
) -> Result<Duration, Gone> {
    for expected in 0..untimed {
        assert_eq!(R::recv(&mut numbers).await?, expected);
    }
    let start = Instant::now();
    for expected in untimed..untimed + timed {
        assert_eq!(R::recv(&mut numbers).await?, expected);
    }
    Ok(start.elapsed())
}
