//! An idle worker takes over what waits for one that computes or is blocked, whatever it waits for itself.

mod child;
#[path = "child/with_workers.rs"]
mod with_workers;
#[path = "child/workers.rs"]
mod workers;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use csp::Refusal;
use csp::prelude::*;
use with_workers::is_child;
use workers::{at_last, worker};

const TOO_LONG: Duration = Duration::from_secs(10);

/// Keeps its worker until the other one runs too. True: it does.
#[process(shares_memory)]
fn computes_beside(mine: usize, both: Arc<[AtomicBool; 2]>) -> bool {
    both[mine].store(true, Ordering::Release);
    let (other, start) = (&both[1 - mine], Instant::now());
    while !other.load(Ordering::Acquire) && start.elapsed() < TOO_LONG {
        std::hint::spin_loop();
    }
    other.load(Ordering::Acquire)
}

/// Until the channel ends; not for a minute, in any case.
#[process]
fn waits(never: Receiver<()>) -> Result<(), Refusal> {
    never.recv_timeout(6 * TOO_LONG)
}

#[test]
fn a_worker_with_a_timer_helps_one_that_computes() {
    if !is_child("a_worker_with_a_timer_helps_one_that_computes", "2") {
        return;
    }
    let (end, never) = channel();
    let (_hold, silence) = channel::<()>();
    // Threads launch on the workers by turns.
    let both = thread::scope(|threads| {
        let waiting = threads.spawn(move || par! { waits(never) });
        // All workers come to rest.
        assert_eq!(silence.recv_timeout(Duration::from_millis(500)), Err(Refusal::TimedOut));
        let flags = Arc::<[AtomicBool; 2]>::default();
        let both = threads.spawn(move || par! { for mine in 0..2 => computes_beside(mine, flags.clone()) });
        let both = both.join().expect("they end");
        drop(end);
        assert!(waiting.join().expect("it ends").is_err());
        both
    });
    assert_eq!(both, [true, true], "one has waited for the other one's worker");
}

/// How many have ended, told to whoever waits for all.
type Ended = (Mutex<usize>, Condvar);

const ALL: usize = 400;

/// Blocks its worker, though it has not said that it would, until all others have ended. How long that took.
#[process(shares_memory)]
fn blocks(ended: Arc<Ended>) -> Duration {
    let start = Instant::now();
    let (count, all) = &*ended;
    let count = count.lock().expect("nobody panics with it");
    drop(all.wait_timeout_while(count, TOO_LONG, |count| *count < ALL).expect("nobody panics with it"));
    start.elapsed()
}

#[process(shares_memory)]
fn ends(ended: Arc<Ended>) {
    let mut count = ended.0.lock().expect("nobody panics with it");
    *count += 1;
    if *count == ALL {
        ended.1.notify_all();
    }
}

/// All of them, once it is known to be blocked; and not one after each look, of which there is one in 5 ms.
#[test]
fn what_waits_for_a_blocked_worker_is_taken_over() {
    if !is_child("what_waits_for_a_blocked_worker_is_taken_over", "2") {
        return;
    }
    let ended = Arc::<Ended>::default();
    let (time, _) = par! { blocks(ended.clone()), for _ in 0..ALL => ends(ended.clone()) };
    assert!(time < Duration::from_secs(1), "{time:?}");
}

fn computes_for(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

const HANDS: usize = 8;

/// Computes for each job. On which worker.
#[process(shares_memory)]
fn hand(jobs: Receiver<Duration>, done: Sender<()>) -> String {
    for job in &jobs {
        computes_for(job);
        done.send(()).expect("somebody counts");
    }
    worker()
}

/// Who waits for jobs has most often started before anybody computes, and stays where it is: to be shared out they must be taken over one by one, and not all as soon
/// as the first one computes.
#[test]
fn a_farm_is_shared_out() {
    if !is_child("a_farm_is_shared_out", "2") {
        return;
    }
    // All workers rest before each, or have only just begun to.
    at_last(|| {
        let ((out, jobs), (done, results)) = (channel(), channel());
        let ((), hands, count) = par! {
            { for _ in 0..4 * HANDS { out.send(Duration::from_millis(1))?; } },
            HANDS * hand(jobs, done),
            { results.iter().count() },
        };
        assert_eq!(count, 4 * HANDS);
        let of_first = hands.iter().filter(|its| **its == hands[0]).count();
        if (HANDS / 4..=HANDS - HANDS / 4).contains(&of_first) { Ok(()) } else { Err(format!("{hands:?}")) }
    });
}

/// How often the threads of workers have gone to sleep, all in all.
fn sleeps() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").expect("this process has threads").flatten();
    let of_workers = tasks.map(|task| task.path()).filter(|task| {
        // One that is ending may be gone.
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("csp-worker-"))
    });
    let text = of_workers.map(|task| fs::read_to_string(task.join("status")).expect("workers do not end"));
    text.map(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.and_then(|number| number.trim().parse::<u64>().ok()).expect("a number")
    })
    .sum()
}

/// How often the others slept meanwhile.
#[process]
fn computes_alone(time: Duration) -> u64 {
    let before = sleeps();
    computes_for(time);
    sleeps() - before
}

/// It looks at the others for some milliseconds, as somebody might need help, and then waits to be told.
#[test]
fn a_worker_without_work_sleeps_though_another_one_computes() {
    if is_child("a_worker_without_work_sleeps_though_another_one_computes", "2") {
        let sleeps = par! { computes_alone(Duration::from_millis(500)) };
        assert!(sleeps < 30, "{sleeps}");
    }
}
