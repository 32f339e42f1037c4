//! Kills a process before each step that it takes in shared memory, and its sweeper before each of its own, and looks what
//! is left: `RUSTFLAGS='--cfg csp_steps' cargo test --release -p csp-runtime --features backend-processes --lib arena::steps`.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::blocks::SPARE;
use super::*;
use crate::sync::steps::{HOOK, Moment};
use crate::sync::{Ordering, step};

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Runs until so many steps have been taken. False: it was killed before the next.
fn live(steps: usize, run: impl FnOnce()) -> bool {
    LEFT.set(steps);
    HOOK.set(Some(|moment, _| match (moment, LEFT.get()) {
        (Moment::Step, 0) => resume_unwind(Box::new("killed")),
        (Moment::Step, left) => LEFT.set(left - 1),
        _ => {}
    }));
    let result = catch_unwind(AssertUnwindSafe(run));
    HOOK.set(None);
    result.is_ok()
}

const PARTNER: Owner = Owner::of(7).unwrap();

fn take(arena: &Arena, bytes: usize, owner: Owner) -> Block {
    arena.allocate(bytes, Kind::Message, owner, Purpose::Certain).unwrap()
}

fn give(arena: &Arena, block: Block, to: Owner) {
    step();
    // SYNC entry: the next owner comes after all that this one did in the block.
    arena.owner(block).store(to.number(), Ordering::Release);
}

/// Writes the block's own number at its start.
fn sign(arena: &Arena, block: Block) {
    // SAFETY: the block is ours, aligned, and holds four bytes.
    unsafe { arena.payload(block).cast::<u32>().write(block.number()) };
}

/// What one process does in its life.
type Life = fn(&Arena, Owner);

const LIVES: &[(&str, Life)] = &[
    ("small blocks", |arena, me| {
        let blocks = [40, 3000, 40, 20_000].map(|bytes| take(arena, bytes, me));
        blocks.into_iter().for_each(|block| arena.free(block));
    }),
    ("spare blocks", |arena, me| {
        for _ in 0..3 {
            let blocks = [40; 6].map(|bytes| take(arena, bytes, me));
            blocks.into_iter().for_each(|block| arena.free(block));
        }
    }),
    ("slabs that fill", |arena, me| {
        let blocks: Vec<_> = (0..70).map(|_| take(arena, 64, me)).collect();
        blocks.into_iter().for_each(|block| arena.free(block));
    }),
    ("runs", |arena, me| {
        let [one, two] = [40_000, 100_000].map(|bytes| take(arena, bytes, me));
        arena.free(one);
        let three = take(arena, 33_000, me);
        arena.free(two);
        arena.free(three);
    }),
    ("hand-over", |arena, me| {
        for bytes in [40, 3000, 100_000] {
            let block = take(arena, bytes, me);
            sign(arena, block);
            arena.set_kind(block, Kind::Mobile);
            give(arena, block, PARTNER);
        }
    }),
    ("freed by another", |arena, me| {
        for bytes in [40, 3000, 100_000] {
            let block = take(arena, bytes, PARTNER);
            sign(arena, block);
            give(arena, block, me);
            arena.free(block);
        }
    }),
    ("spare runs", |arena, me| {
        for bytes in [40_000, 40_000, 100_000, 40_000] {
            let runs = [bytes, bytes, 40_000].map(|bytes| take(arena, bytes, me));
            runs.into_iter().for_each(|run| arena.free(run));
        }
        let run = take(arena, 40_000, me);
        sign(arena, run);
        give(arena, run, PARTNER);
    }),
    ("room is made", |arena, me| {
        let small: Vec<_> = [64, 500, 9000].map(|bytes| take(arena, bytes, me)).into();
        small.into_iter().for_each(|block| arena.free(block));
        let all = take(arena, arena.size() / 5 * 4, me);
        assert!(arena.allocate(arena.size() / 2, Kind::Message, me, Purpose::Certain).is_err());
        arena.free(all);
        arena.give_back(me);
    }),
    ("a retired slab beside one in use", |arena, me| {
        let [kept, free] = [64, 128].map(|bytes| take(arena, bytes, me));
        sign(arena, kept);
        give(arena, kept, PARTNER);
        arena.free(free);
        arena.give_back(me);
        let run = take(arena, 50_000, me);
        arena.free(run);
    }),
];

/// What must hold when the dead one has been swept: nothing is lost or changed but what was its own.
fn audit(arena: &Arena, dead: Owner, told: &str) {
    assert_eq!(arena.table.traces(dead.number()), 0, "{told}: something is left of it");
    let mut others = Vec::new();
    arena.each(|block, owner| others.push((block, owner)));
    for (block, owner) in others {
        assert_eq!(owner, PARTNER, "{told}");
        // SAFETY: the block is in use, and signed before it was given away.
        let signed = unsafe { arena.payload(block).cast::<u32>().read() };
        assert!(signed == block.number() || arena.kind(block) == Kind::Message, "{told}: {block:?} was changed");
    }
    arena.sweep(PARTNER, |_| ());
    assert_eq!(arena.table.traces(PARTNER.number()), 0, "{told}");
    assert_eq!(arena.usage(), Usage::default(), "{told}");
    let all = arena.allocate(arena.size(), Kind::Frame, PARTNER, Purpose::Certain);
    arena.free(all.unwrap_or_else(|full| panic!("{told}: {full}")));
    assert_eq!(arena.table.claimed(), 0, "{told}");
    arena.give_back(PARTNER);
    assert_eq!(arena.table.traces(SPARE), 0, "{told}: a spare run where there is none");
}

fn arena() -> Arena {
    Arena::make(512 << 10, 4 << 10).unwrap()
}

#[test]
fn whoever_is_killed_before_any_step_leaves_nothing_behind() {
    let (arena, mut owners) = (arena(), 100..);
    let mut next = || Owner::of(owners.next().unwrap()).unwrap();
    for (name, life) in LIVES {
        let mut steps = 0;
        loop {
            let me = next();
            let survived = live(steps, || life(&arena, me));
            forget_cache();
            arena.sweep(me, |_| ());
            audit(&arena, me, &format!("{name}, killed after {steps} steps"));
            if survived {
                break;
            }
            steps += 1;
        }
        assert!(steps > 10, "{name} has only {steps} steps");
    }
}

/// The same in an arena of which nothing was ever used: what is claimed beyond the bounds of what was used is found too.
#[test]
fn whoever_is_killed_first_leaves_nothing_behind() {
    let me = Owner::of(100).unwrap();
    for (name, life) in LIVES {
        for steps in 0.. {
            let arena = arena();
            let survived = live(steps, || life(&arena, me));
            forget_cache();
            arena.sweep(me, |_| ());
            assert_eq!(arena.table.traces(me.number()), 0, "{name}, killed after {steps} steps");
            if survived {
                break;
            }
        }
    }
}

#[test]
fn a_killed_sweeper_is_followed_by_another() {
    let (arena, mut owners) = (arena(), 100..);
    let mut next = || Owner::of(owners.next().unwrap()).unwrap();
    for (name, life) in LIVES {
        let mut steps = 0;
        let mut survived = false;
        while !survived {
            let mut swept = false;
            let mut sweeper_steps = 0;
            while !swept {
                let me = next();
                survived = live(steps, || life(&arena, me));
                forget_cache();
                swept = live(sweeper_steps, || arena.sweep(me, |_| ()));
                arena.sweep(me, |_| ());
                audit(&arena, me, &format!("{name}, killed after {steps} steps, its sweeper after {sweeper_steps}"));
                sweeper_steps += 1;
            }
            steps += 5;
        }
    }
}

/// Others go on while the dead one has not been swept.
#[test]
fn the_dead_hold_nobody_up() {
    let (arena, mut owners) = (arena(), 1000..);
    let mut next = || Owner::of(owners.next().unwrap()).unwrap();
    for (name, life) in LIVES {
        let mut steps = 0;
        loop {
            let (me, other) = (next(), next());
            let survived = live(steps, || life(&arena, me));
            forget_cache();
            // (The dead one may have had so much that there is no room for all of them.)
            let blocks = [40, 3000, 20_000, 60_000]
                .map(|bytes| arena.allocate(bytes, Kind::Message, other, Purpose::Certain))
                .into_iter()
                .flatten()
                .collect::<Vec<_>>();
            assert!(blocks.len() > 1, "{name}, killed after {steps} steps");
            arena.sweep(me, |_| ());
            blocks.into_iter().for_each(|block| arena.free(block));
            forget_cache();
            arena.sweep(other, |_| panic!("all was freed"));
            audit(&arena, me, &format!("{name}, killed after {steps} steps beside another"));
            if survived {
                break;
            }
            steps += 1;
        }
    }
}
