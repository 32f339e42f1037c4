//! Forks leave nothing behind: the parent's heap, its file descriptors, its threads and the memory that it shares stay as they are,
//! however many processes it forks.
//!
//! `cargo test --release -p csp-tests --test forks -- --count 100000` prints what there was before and after.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use csp::__private::{Audit, audit};
use csp::Backend;
use csp::prelude::*;
use nix::sys::signal::{Signal, raise};

/// In the gate.
const FORKS: usize = 1_000;
/// Until all that is kept for the next process is there.
const FIRST: usize = 100;
/// How long a thread that has buried a process may take to come to rest.
const REST: Duration = Duration::from_secs(10);
/// Nothing changes any more, if it has not for so long.
const SETTLED: Duration = Duration::from_millis(300);

/// The system's allocator, which says how much is in use.
struct Counting;

static BLOCKS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's own, with numbers beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BLOCKS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        BLOCKS.fetch_sub(1, Ordering::Relaxed);
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: by the caller.
        unsafe { System.dealloc(place, layout) }
    }
}

/// What this process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    heap_blocks: usize,
    heap_bytes: usize,
    descriptors: usize,
    threads: usize,
    children: usize,
    shared: Audit,
}

impl Held {
    fn now() -> Self {
        let (heap_blocks, heap_bytes) = (BLOCKS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
        let entries = |folder: &str| std::fs::read_dir(folder).expect("this system has /proc").count();
        let children = std::fs::read_to_string("/proc/thread-self/children").map_or(0, |all| all.split(' ').count());
        let (descriptors, threads) = (entries("/proc/self/fd"), entries("/proc/self/task"));
        Self { heap_blocks, heap_bytes, descriptors, threads, children, shared: audit() }
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { heap_blocks, heap_bytes, descriptors, threads, children, shared } = self;
        write!(
            out,
            "{heap_bytes} bytes in {heap_blocks} blocks of the heap, {descriptors} descriptors, {threads} threads, "
        )?;
        write!(out, "{children} children; shared: {shared}; {} KiB resident", resident())
    }
}

/// Memory of this process alone that is not in its files, for the eye: what the allocator keeps is its own affair.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()).unwrap_or("?").to_owned()
}

#[process]
fn answers(number: u64, requests: Receiver<u64>, answers: Sender<Vec<u64>>) -> u64 {
    let more = requests.recv().expect("the parent asks");
    answers.send(vec![more; 100]).expect("the parent listens");
    number + more
}

#[process]
fn adds_up(total: &mut u64, data: Mobile<[u64]>) {
    *total += data.iter().sum::<u64>();
}

#[process]
fn dies(_kept: Sender<u64>, input: Receiver<u64>) {
    let _ = input.recv();
    raise(Signal::SIGKILL).expect("a process may signal itself");
}

/// One round of the ways to fork, four forks in all.
fn round(number: u64) {
    let ((requests_out, requests), (answers_out, replies)) = (channel(), channel());
    let (doubled, got) = par! {
        answers(number, requests, answers_out).on(Backend::Processes),
        { requests_out.send(number).map(|()| replies.recv().expect("it answers").len()) },
    };
    assert_eq!((doubled, got), (2 * number, Ok(100)));

    let mut total = 1;
    let data = Mobile::from_slice(&[number; 64]);
    par! { adds_up(&mut total, data).on(Backend::Processes) };
    assert_eq!(total, 1 + 64 * number);

    let ((requests_out, requests), (answers_out, replies)) = (channel(), channel::<Vec<u64>>());
    let spawned = spawn!(answers(number, requests, answers_out).on(Backend::Processes));
    requests_out.send(1).expect("it listens");
    // A thread that ends leaves nothing of what it needs for a channel in shared memory.
    let reply = std::thread::scope(|scope| scope.spawn(|| replies.recv()).join());
    assert_eq!(reply.expect("the thread ends").map(|answer| answer.len()), Ok(100));
    assert_eq!(spawned.join(), number + 1);

    let (out, input) = channel();
    let (kept, _also) = channel();
    let (died, sent) = par! {
        dies(kept, input).on(Backend::Processes).catch(),
        { out.send(1) },
    };
    assert!(died.is_err(), "it was killed, after {sent:?}");
}

const FORKS_A_ROUND: usize = 4;

fn rounds(forks: usize) {
    (0..forks.div_ceil(FORKS_A_ROUND)).for_each(|number| round(number as u64));
}

/// What is held once that has not changed for a while: whoever has just ended may hold something for a moment more.
fn at_rest() -> Held {
    // What is looked at later is compared with one that lies on the heap itself: so is this.
    let (mut held, mut since, start) = (Held::now(), Instant::now(), Instant::now());
    while since.elapsed() < SETTLED && start.elapsed() < REST {
        std::thread::yield_now();
        let now = Held::now();
        if now != held {
            since = Instant::now();
        }
        held = now;
    }
    held
}

fn main() {
    let mut words = std::env::args().skip_while(|word| word != "--count");
    let count = words.nth(1).map_or(FORKS, |count| count.parse().expect("`--count` takes a number"));
    rounds(FIRST);
    let before = at_rest();
    println!("before: {before}");
    let start = Instant::now();
    rounds(count);
    let took = start.elapsed();
    let since = Instant::now();
    let after = loop {
        let after = Held::now();
        if after == before || since.elapsed() > REST {
            break after;
        }
        drop(after);
        std::thread::yield_now();
    };
    println!("after:  {after}");
    println!("{count} forks, {:.0} µs each", took.as_secs_f64() * 1e6 / count as f64);
    assert_eq!(after, before, "something was left behind by {count} forks");
}
