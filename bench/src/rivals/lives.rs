//! Tasks again: the sieve, and what a task costs by being there, in time and in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, yield_now};

use super::Gone;
use super::tasks::AsyncRival;
use crate::machine::resident_bytes;
use crate::primes;
use crate::timing::WARM_UP;

/// Milliseconds to find the first `n` primes with one task each, which sifts out the multiples of its own.
pub(super) async fn primes<R: AsyncRival>(n: usize) -> Result<f64, Gone> {
    let start = Instant::now();
    let (numbers, mut left) = R::narrowest();
    tokio::spawn(generator::<R>(numbers));
    let mut found = vec![R::recv(&mut left).await?];
    while found.len() < n {
        let (right, next) = R::narrowest();
        tokio::spawn(filter::<R>(left, right, found[found.len() - 1]));
        left = next;
        found.push(R::recv(&mut left).await?);
    }
    let taken = start.elapsed();
    assert_eq!(found, primes::first(n));
    Ok(taken.as_secs_f64() * 1e3)
}

async fn generator<R: AsyncRival>(numbers: R::Sender) -> Result<(), Gone> {
    for number in 2.. {
        R::send(&numbers, number).await?;
    }
    Ok(())
}

async fn filter<R: AsyncRival>(mut left: R::Receiver, right: R::Sender, prime: u64) -> Result<(), Gone> {
    loop {
        let number = R::recv(&mut left).await?;
        if number % prime != 0 {
            R::send(&right, number).await?;
        }
    }
}

/// Starts `at_once` tasks that yield once, and waits for all of them; `times` over.
pub(super) async fn start(at_once: usize, times: u64) -> Result<Duration, Gone> {
    for _ in 0..WARM_UP.div_ceil(at_once as u64) {
        live(at_once).await;
    }
    let start = Instant::now();
    for _ in 0..times {
        live(at_once).await;
    }
    Ok(start.elapsed())
}

async fn live(count: usize) {
    if count == 1 {
        // Alone it needs no set, and gathers nothing, as ours.
        assert_eq!(tokio::spawn(yielding(7)).await.expect("it does not panic"), 7);
        return;
    }
    let mut tasks = JoinSet::new();
    for number in 0..count {
        tasks.spawn(yielding(number));
    }
    let sum: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(sum, (0..count).sum::<usize>(), "each has lived once");
}

async fn yielding(number: usize) -> usize {
    yield_now().await;
    number
}

/// Resident bytes for each of `n` tasks that wait to receive, with its channel.
pub(super) async fn memory<R: AsyncRival>(n: usize) -> Result<f64, Gone> {
    let before = resident_bytes();
    let started = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::with_capacity(n);
    for _ in 0..n {
        let (sender, mut receiver) = R::narrowest();
        let started = started.clone();
        let waiting = tokio::spawn(async move {
            started.fetch_add(1, Ordering::Relaxed); // there is one thread: nobody sees it before the task waits
            R::recv(&mut receiver).await
        });
        tasks.push((sender, waiting));
    }
    while started.load(Ordering::Relaxed) < n {
        yield_now().await;
    }
    let bytes = resident_bytes() - before;
    for (number, (sender, waiting)) in (0..).zip(tasks) {
        R::send(&sender, number).await?;
        assert_eq!(waiting.await.expect("who waits does not panic")?, number);
    }
    Ok(bytes / n as f64)
}
