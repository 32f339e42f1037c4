//! The field's own benchmarks on async tasks: commstime with a parallel delta, and the ring of the occam-pi comparison.

use std::time::{Duration, Instant};

use super::Gone;
use super::tasks::{AsyncRival, forward, prefix, timed_consumer};
use crate::timing::LOOPS_UNTIMED;

/// The occam benchmark with a parallel delta: both sends at once, in one task.
pub(super) async fn commstime_par<R: AsyncRival>(loops: u64) -> Result<Duration, Gone> {
    let (prefix_out, delta_in) = R::narrowest();
    let (delta_out, successor_in) = R::narrowest();
    let (successor_out, prefix_in) = R::narrowest();
    let (consumer_out, consumer_in) = R::narrowest();
    tokio::spawn(prefix::<R>(prefix_in, prefix_out));
    tokio::spawn(delta::<R>(delta_in, consumer_out, delta_out));
    tokio::spawn(forward::<R>(successor_in, successor_out));
    timed_consumer::<R>(consumer_in, LOOPS_UNTIMED, loops).await
}

async fn delta<R: AsyncRival>(mut input: R::Receiver, first: R::Sender, second: R::Sender) -> Result<(), Gone> {
    loop {
        let number = R::recv(&mut input).await?;
        let (first_sent, second_sent) = tokio::join!(R::send(&first, number), R::send(&second, number));
        first_sent.and(second_sent)?;
    }
}

/// The multi-token ring of ccsp-comparisons: injected, passed on round by round, collected and summed up.
pub(super) async fn occam_ring<R: AsyncRival>(n: usize, tokens: usize, rounds: u64) -> Result<Duration, Gone> {
    let (first, mut left) = R::narrowest();
    for _ in 1..n {
        let (right, next) = R::narrowest();
        tokio::spawn(stoppable::<R>(left, right));
        left = next;
    }
    let (n, tokens) = (n as u64, tokens as u64);
    for token in 1..=tokens {
        R::send(&first, token).await?;
    }
    let mut start = Instant::now();
    for round in 0..=rounds {
        for _ in 0..tokens {
            let token = R::recv(&mut left).await?;
            R::send(&first, token + 1).await?;
        }
        if round == 0 {
            start = Instant::now();
        }
    }
    let taken = start.elapsed();
    let mut sum = 0;
    for _ in 0..tokens {
        sum += R::recv(&mut left).await?;
    }
    assert_eq!(sum, tokens * (tokens + 1) / 2 + tokens * (n - 1 + n * (rounds + 1)));
    R::send(&first, 0).await?;
    assert_eq!(R::recv(&mut left).await?, 0, "everybody has ended");
    Ok(taken)
}

async fn stoppable<R: AsyncRival>(mut left: R::Receiver, right: R::Sender) -> Result<(), Gone> {
    loop {
        match R::recv(&mut left).await? {
            0 => return R::send(&right, 0).await,
            token => R::send(&right, token + 1).await?,
        }
    }
}
