//! Whoever never waits lets others run nevertheless. Where processes have threads of their own they do anyhow; here all share one worker.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use csp::Refusal;
use csp::prelude::*;

use super::support::in_a_program_of_its_own;
use crate::harness::{here, here_in_main, scenarios};

scenarios![
    a_stream_from_a_buffer_starves_nobody(main_only),
    a_choice_that_is_always_ready_starves_nobody(main_only),
    whoever_only_looks_starves_nobody(main_only),
    a_future_that_wakes_itself_starves_nobody(main_only),
    whoever_has_not_begun_is_not_starved_by_a_stream(main_only),
    whoever_spawns_all_the_time_lets_what_it_spawns_begin(main_only),
    chains_of_spawners_starve_nobody(main_only),
];

/// True in a program of its own, with one worker, which goes on.
fn is_on_one_worker(scenario: &str) -> bool {
    in_a_program_of_its_own(scenario, ("CSP_WORKERS", "1")).is_none()
}

/// Ends the talk after a while, though nobody lets it run.
#[process]
fn poisons_soon(silence: Receiver<()>, talk: Sender<u64>) {
    here();
    assert_eq!(silence.recv_timeout(Duration::from_millis(10)), Err(Refusal::TimedOut));
    talk.poison();
}

/// There is always room, or a message.
#[process]
fn talks_to_itself(out: Sender<u64>, input: Receiver<u64>) {
    here();
    for number in 0.. {
        out.send(number)?;
        assert_eq!(input.recv()?, number);
    }
}

fn a_stream_from_a_buffer_starves_nobody() {
    if is_on_one_worker("a_stream_from_a_buffer_starves_nobody") {
        let ((out, input), (_hold, silence)) = (channel::buffered(1), channel());
        par! { poisons_soon(silence, out.clone()), talks_to_itself(out, input) };
    }
}

#[process]
fn chooses_by_itself(out: Sender<u64>, input: Receiver<u64>) -> Result<(), Stopped> {
    here();
    loop {
        alt! { out ! 1 => {}, input ? _ => {}, stopped why => return Err(why) }
    }
}

fn a_choice_that_is_always_ready_starves_nobody() {
    if is_on_one_worker("a_choice_that_is_always_ready_starves_nobody") {
        let ((out, input), (_hold, silence)) = (channel::buffered(1), channel());
        let ((), ended) = par! { poisons_soon(silence, out.clone()), chooses_by_itself(out, input) };
        assert!(ended.expect_err("it ends by poison").is_poisoned());
    }
}

#[process]
fn sends_soon(silence: Receiver<()>, out: Sender<u64>) {
    here();
    assert_eq!(silence.recv_timeout(Duration::from_millis(10)), Err(Refusal::TimedOut));
    out.send(7)?;
}

#[derive(Clone, Copy)]
enum Look {
    Try,
    Skip,
    NoTime,
}

#[process]
fn looks_until_it_comes(input: Receiver<u64>, look: u8) -> u64 {
    here();
    let look = [Look::Try, Look::Skip, Look::NoTime][usize::from(look)];
    loop {
        let seen = match look {
            Look::Try => input.try_recv().ok(),
            Look::Skip => pri_alt! { input ? number => Some(number), skip => None, stopped _ => None },
            Look::NoTime => input.recv_timeout(Duration::ZERO).ok(),
        };
        if let Some(number) = seen {
            return number;
        }
    }
}

fn whoever_only_looks_starves_nobody() {
    if is_on_one_worker("whoever_only_looks_starves_nobody") {
        for look in 0..3 {
            let ((out, input), (_hold, silence)) = (channel(), channel());
            let ((), seen) = par! { sends_soon(silence, out), looks_until_it_comes(input, look) };
            assert_eq!(seen, 7);
        }
    }
}

#[io]
async fn asks_again_and_again(done: &AtomicBool) {
    poll_fn(|context| {
        if done.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[process(shares_memory)]
fn awaits(done: Arc<AtomicBool>) {
    here();
    asks_again_and_again(&done);
}

#[process(shares_memory)]
fn is_done_soon(silence: Receiver<()>, done: Arc<AtomicBool>) {
    here();
    assert_eq!(silence.recv_timeout(Duration::from_millis(10)), Err(Refusal::TimedOut));
    done.store(true, Ordering::SeqCst);
}

fn a_future_that_wakes_itself_starves_nobody() {
    if crate::harness::backend_name() != "processes" && is_on_one_worker("a_future_that_wakes_itself_starves_nobody") {
        let (done, (_hold, silence)) = (Arc::new(AtomicBool::new(false)), channel());
        par! { awaits(done.clone()), is_done_soon(silence, done) };
    }
}

#[process]
fn poisons(talk: Sender<u64>) {
    here();
    talk.poison();
}

/// It is launched behind a stream that never waits.
fn whoever_has_not_begun_is_not_starved_by_a_stream() {
    if is_on_one_worker("whoever_has_not_begun_is_not_starved_by_a_stream") {
        let (out, input) = channel::buffered(1);
        par! { talks_to_itself(out.clone(), input), poisons(out) };
    }
}

#[process]
fn asks_all_the_time(jobs: Sender<u32>) {
    here();
    for job in 0.. {
        jobs.send(job)?;
    }
}

#[process(shares_memory)]
fn begins(begun: Arc<AtomicU32>) {
    begun.fetch_add(1, Ordering::Relaxed);
}

/// How many of its processes have not begun, at most.
#[process(shares_memory)]
fn spawns_for_each(jobs: Receiver<u32>, begun: Arc<AtomicU32>) -> u32 {
    let mut behind = 0;
    for job in jobs.iter().take(10_000) {
        let _ = spawn!(begins(begun.clone()));
        behind = behind.max(job + 1 - begun.load(Ordering::Relaxed));
    }
    behind
}

fn whoever_spawns_all_the_time_lets_what_it_spawns_begin() {
    let name = "whoever_spawns_all_the_time_lets_what_it_spawns_begin";
    if crate::harness::backend_name() != "coroutines" || !is_on_one_worker(name) {
        return here_in_main();
    }
    let ((out, jobs), begun) = (channel(), Arc::new(AtomicU32::new(0)));
    let ((), behind) = par! { asks_all_the_time(out), spawns_for_each(jobs, begun.clone()) };
    assert!(behind < 200 && begun.load(Ordering::Relaxed) > 9_000, "{behind} had not begun");
}

/// Spawns its successor, and ends.
#[process(shares_memory)]
fn link(begun: Arc<AtomicU32>, over: Arc<AtomicBool>) {
    begun.fetch_add(1, Ordering::Relaxed);
    if !over.load(Ordering::Relaxed) {
        let _ = spawn!(link(begun, over));
    }
}

const CHAINS: u32 = 200;
const YIELDS: u32 = 100;

/// Is ready all the time. How many links begin during its turns.
#[process(shares_memory)]
fn yields(begun: Arc<AtomicU32>, over: Arc<AtomicBool>) -> u32 {
    while begun.load(Ordering::Relaxed) < CHAINS {
        csp::yield_now();
    }
    let before = begun.load(Ordering::Relaxed);
    (0..YIELDS).for_each(|_| csp::yield_now());
    over.store(true, Ordering::Relaxed);
    begun.load(Ordering::Relaxed) - before
}

/// More of them than may wait before whoever spawns one more lets one begin; and each that begins spawns one more.
fn chains_of_spawners_starve_nobody() {
    let name = "chains_of_spawners_starve_nobody";
    if crate::harness::backend_name() != "coroutines" || !is_on_one_worker(name) {
        return here_in_main();
    }
    let (begun, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let (links, _) = par! {
        yields(begun.clone(), over.clone()),
        for _ in 0..CHAINS => link(begun.clone(), over.clone()),
    };
    // At most every other turn begins one, and whoever waits for the next one is not in the queue.
    assert!(links < CHAINS * YIELDS, "{links} have begun");
}
