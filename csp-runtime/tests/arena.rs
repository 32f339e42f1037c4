//! The arena between forked processes: a million allocations that end at the baseline, kills at random, and figures.
//!
//! It compiles the arena's own source, which is private to the runtime, and forks before it has a second thread:
//! `cargo test --release -p csp-runtime --features backend-processes --test arena`; with `-- figures` it prints times.

#![allow(dead_code, unused_imports, missing_docs)]

#[path = "../src/arena/mod.rs"]
mod arena;
#[path = "../src/sync.rs"]
mod sync;

/// What the arena asks of the runtime's settings.
mod config {
    pub(crate) struct Effective {
        pub(crate) message_buffer: Option<usize>,
        pub(crate) block_size: usize,
    }

    pub(crate) fn effective() -> &'static Effective {
        &Effective { message_buffer: Some(64 << 20), block_size: 16 << 10 }
    }
}

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use arena::{Arena, Block, Kind, Owner, Purpose, Usage, forget_cache};
use nix::libc;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

const CHILDREN: u32 = 4;
const ALLOCATIONS: u32 = 250_000; // each

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    a_million_allocations_end_at_the_baseline();
    kills_lose_nothing();
    if std::env::args().any(|argument| argument == "figures") {
        figures();
    }
    println!("3 of 3 ok");
}

/// The same numbers for the same seed, in every process.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(limit)) as u32
    }

    /// Mostly small, sometimes large.
    fn bytes(&mut self) -> usize {
        let most = [64, 256, 1024, 4096, 4096, 16_384, 65_536, 300_000][self.below(8) as usize];
        self.below(most) as usize + 4
    }
}

fn owner(raw: u32) -> Owner {
    Owner::of(raw).expect("it is small")
}

/// The owner of what lies in a child's mailbox.
fn mailbox(child: u32) -> Owner {
    owner(1000 + child)
}

/// Words that the children share.
fn words(arena: &Arena, block: Block) -> &[AtomicU32] {
    let count = arena.capacity(block) / 4;
    // SAFETY: the block stays the parent's as long as the test runs, and nobody uses it but through these atomics, for
    // which any content is sound.
    unsafe { std::slice::from_raw_parts(arena.payload(block).cast().as_ptr(), count) }
}

/// Forks a child that runs `life` and leaves without destructors.
fn start(life: impl FnOnce()) -> Pid {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("a fork") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            forget_cache();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(life));
            // SAFETY: it ends here, whatever it has.
            unsafe { libc::_exit(i32::from(result.is_err())) }
        }
    }
}

/// Signs a block that is ours at both ends.
fn sign(arena: &Arena, block: Block) {
    let words = words(arena, block);
    for word in [&words[0], &words[words.len() - 1]] {
        word.store(block.number(), Ordering::Relaxed);
    }
}

fn free(arena: &Arena, block: Block) {
    let words = words(arena, block);
    for word in [&words[0], &words[words.len() - 1]] {
        assert_eq!(word.load(Ordering::Relaxed), block.number(), "somebody else wrote into a block of ours");
    }
    arena.free(block);
}

/// Allocates, holds some, gives some to its neighbour, and takes what it is given.
fn churn(arena: &Arena, me: u32, child: u32, seed: u64, count: u32, letters: &[AtomicU32]) {
    let mut random = Random(seed);
    let mut held: Vec<Block> = Vec::with_capacity(64);
    for _ in 0..count {
        if let Ok(block) = arena.allocate(random.bytes(), Kind::Message, owner(me), Purpose::Message) {
            sign(arena, block);
            held.push(block);
        }
        let own = &letters[child as usize];
        let letter = arena.check(own.load(Ordering::Acquire));
        if let Some(block) = letter {
            let word = arena.owner(block);
            // Who is killed between the two leaves a letter that is no more in the mailbox, and the mailbox full.
            if word.compare_exchange(mailbox(child).number(), me, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                held.push(block);
                own.store(0, Ordering::Release);
            }
        }
        let neighbour = (child + 1) % CHILDREN;
        let gives = random.below(4) == 0 && letters[neighbour as usize].load(Ordering::Acquire) == 0;
        if let Some(block) = gives.then(|| held.pop()).flatten() {
            letters[neighbour as usize].store(block.number(), Ordering::Release);
            arena.owner(block).store(mailbox(neighbour).number(), Ordering::Release);
        }
        while held.len() > random.below(48) as usize {
            free(arena, held.swap_remove(random.below(held.len() as u32) as usize));
        }
    }
    held.into_iter().for_each(|block| free(arena, block));
}

/// The arena is as it was, and the whole of it can be had as one block.
fn at_the_baseline(arena: &Arena, baseline: Usage, shared: Block, me: Owner) {
    assert_eq!(arena.usage(), baseline);
    let largest = arena.allocate(arena.largest(), Kind::Message, me, Purpose::Message).expect("unfragmented");
    arena.free(largest);
    let mut left = Vec::new();
    arena.each(|block, _| left.push(block));
    assert_eq!(left, [shared]);
    // All but the slab that holds the letters.
    let most = arena.allocate(arena.size() - (64 << 10), Kind::Message, me, Purpose::Certain).expect("unfragmented");
    arena.free(most);
}

fn a_million_allocations_end_at_the_baseline() {
    let (arena, me) = (arena::arena(), owner(1));
    let shared = arena.allocate(64, Kind::Frame, me, Purpose::Certain).expect("room");
    let letters = words(arena, shared);
    letters.iter().for_each(|letter| letter.store(0, Ordering::Relaxed));
    let baseline = arena.usage();
    let started = Instant::now();
    let count = if cfg!(debug_assertions) { ALLOCATIONS / 10 } else { ALLOCATIONS };
    let children: Vec<_> = (0..CHILDREN)
        .map(|child| start(|| churn(arena, 10 + child, child, u64::from(child) + 1, count, letters)))
        .collect();
    for child in &children {
        assert_eq!(waitpid(*child, None), Ok(WaitStatus::Exited(*child, 0)));
    }
    for child in 0..CHILDREN {
        arena.sweep(owner(10 + child), |_| panic!("a child that has freed all still had a block"));
        arena.sweep(mailbox(child), |_| ()); // the last letters
    }
    at_the_baseline(arena, baseline, shared, me);
    println!("{} allocations by {CHILDREN} processes in {:?}: ok", count * CHILDREN, started.elapsed());
    arena.free(shared);
}

/// Waits without sleeping, for a time that no two rounds have in common.
fn spin(random: &mut Random) {
    let until = Instant::now() + Duration::from_micros(u64::from(random.below(3000)));
    while Instant::now() < until {
        std::thread::yield_now();
    }
}

fn kills_lose_nothing() {
    let (arena, me) = (arena::arena(), owner(1));
    let shared = arena.allocate(64, Kind::Frame, me, Purpose::Certain).expect("room");
    let letters = words(arena, shared);
    letters.iter().for_each(|letter| letter.store(0, Ordering::Relaxed));
    let baseline = arena.usage();
    let mut random = Random(42);
    let (mut kills, mut sweeper_kills) = (0, 0);
    let id = |round: u32, child: u32| 10_000 + round * CHILDREN + child;
    let rounds = if cfg!(debug_assertions) { 30 } else { 150 };
    for round in 0..rounds {
        let lives =
            |child| move || churn(arena, id(round, child), child, u64::from(round * 7 + child + 1), u32::MAX, letters);
        let children: Vec<_> = (0..CHILDREN).map(|child| start(lives(child))).collect();
        for (child, pid) in (0..CHILDREN).zip(&children) {
            spin(&mut random); // the others go on, beside the dead and its sweeper
            // SAFETY: a child of ours, which has not been waited for.
            let _ = unsafe { libc::kill(pid.as_raw(), libc::SIGKILL) };
            assert!(matches!(waitpid(*pid, None), Ok(WaitStatus::Signaled(..))));
            kills += 1;
            // A sweeper that is killed too, and then another.
            let sweeper = start(|| arena.sweep(owner(id(round, child)), |_| ()));
            spin(&mut random);
            // SAFETY: as above.
            let _ = unsafe { libc::kill(sweeper.as_raw(), libc::SIGKILL) };
            sweeper_kills += u32::from(matches!(waitpid(sweeper, None), Ok(WaitStatus::Signaled(..))));
            arena.sweep(owner(id(round, child)), |_| ());
        }
        for child in 0..CHILDREN {
            arena.sweep(mailbox(child), |_| ());
            letters[child as usize].store(0, Ordering::Relaxed);
        }
        at_the_baseline(arena, baseline, shared, me);
    }
    println!("{kills} processes and {sweeper_kills} sweepers killed: ok");
    arena.free(shared);
}

fn figures() {
    let (arena, me) = (arena::arena(), owner(1));
    println!("bytes      allocate and free   nothing kept   capacity");
    for bytes in [64, 256, 1024, 4096, 16_384, 65_536, 1 << 20, 16 << 20] {
        let rounds = if bytes > 65_536 { 2_000 } else { 200_000 };
        let best = |run: &mut dyn FnMut()| {
            let one = |_| {
                let started = Instant::now();
                (0..rounds).for_each(|_| run());
                started.elapsed().as_nanos() as f64 / f64::from(rounds)
            };
            (0..7).map(one).fold(f64::INFINITY, f64::min)
        };
        let allocate = || arena.allocate(bytes, Kind::Message, me, Purpose::Message).expect("room");
        let warm = best(&mut || arena.free(allocate()));
        // Given away in between, so that nothing is kept: as between a producer and a consumer.
        let cold = best(&mut || {
            let block = allocate();
            arena.owner(block).store(owner(2).number(), Ordering::Release);
            arena.free(block);
        });
        let block = allocate();
        println!("{bytes:>9} {warm:>14.1} ns {cold:>14.1} ns {:>10}", arena.capacity(block));
        arena.free(block);
    }
}
