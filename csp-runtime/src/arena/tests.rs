//! Unit tests of the arena, within one process. `csp-runtime/tests/arena.rs` forks.

use super::*;
use crate::sync::Ordering;

const MIB: usize = 1 << 20;

fn make(bytes: usize, grain: usize) -> &'static Arena {
    Box::leak(Box::new(Arena::make(bytes, grain).unwrap()))
}

fn owner(raw: u32) -> Owner {
    Owner::of(raw).unwrap()
}

fn message(arena: &Arena, bytes: usize, by: u32) -> Result<Block, Full> {
    arena.allocate(bytes, Kind::Message, owner(by), Purpose::Message)
}

/// Takes the whole of a free arena as one block, and gives it back.
fn whole(arena: &Arena) {
    let all = arena.allocate(arena.size(), Kind::Frame, owner(99), Purpose::Certain).unwrap();
    assert_eq!(arena.capacity(all), arena.size());
    arena.free(all);
}

#[test]
fn a_block_holds_what_was_asked_for_and_little_more() {
    let arena = make(64 * MIB, 16 << 10);
    let sizes = (0..2000).chain([4096, 4097, 32768, 32769, 50_000, MIB, MIB + 1, arena.largest()]);
    for bytes in sizes {
        let block = message(arena, bytes, 1).unwrap();
        let (capacity, start) = (arena.capacity(block), arena.payload(block).as_ptr());
        assert!(capacity >= bytes && start.addr().is_multiple_of(UNIT), "{bytes}");
        assert!(bytes <= 192 || (capacity - bytes) * 3 <= capacity, "{bytes} bytes occupy {capacity}");
        assert_eq!((arena.block_of(start), arena.check(block.number())), (Some(block), Some(block)));
        assert!(arena.contains(start, capacity));
        assert_eq!((arena.kind(block), arena.owner(block).load(Ordering::Relaxed)), (Kind::Message, 1));
        assert_eq!(arena.usage(), Usage { blocks: 1, bytes: capacity });
        arena.free(block);
    }
    assert_eq!(arena.usage(), Usage::default());
    whole(arena);
}

#[test]
fn blocks_do_not_overlap() {
    let arena = make(16 * MIB, 16 << 10);
    let mut blocks = Vec::new();
    let mut bytes = 1;
    while let Ok(block) = message(arena, bytes, 1) {
        let start = arena.payload(block).as_ptr().addr();
        blocks.push((start, start + arena.capacity(block)));
        bytes = (bytes * 7 + 13) % 90_000;
    }
    assert!(blocks.len() > 100);
    blocks.sort_unstable();
    assert!(blocks.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    arena.sweep(owner(1), |_| ());
    forget_cache();
    assert_eq!(arena.usage(), Usage::default());
    whole(arena);
}

#[test]
fn what_is_read_from_shared_memory_is_validated() {
    let arena = make(2 * MIB, 16 << 10);
    let [small, run] = [200, 100_000].map(|bytes| message(arena, bytes, 1).unwrap());
    for raw in 0..u32::try_from(arena.bytes / UNIT + 10).unwrap() {
        let is_one = raw == small.number() || raw == run.number();
        assert_eq!(arena.check(raw).is_some(), is_one, "{raw}");
    }
    assert_eq!(arena.check(u32::MAX), None);
    let start = arena.payload(run).as_ptr();
    assert_eq!(arena.block_of(start.wrapping_add(1)), None);
    assert_eq!(arena.block_of(std::ptr::null()), None);
    assert!(!arena.contains(start, arena.size()) && !arena.contains(std::ptr::null(), 1));
    assert!(!arena.contains(start, usize::MAX) && !arena.contains(start.wrapping_add(arena.size()), 0));
    arena.free(run);
    assert_eq!(arena.check(run.number()), None);
}

#[test]
fn messages_leave_a_quarter_to_others() {
    for bytes in [64, 500, 5000, 40_000] {
        let arena = make(4 * MIB, 16 << 10);
        let mut count = 0;
        let full = loop {
            match message(arena, bytes, 1) {
                Ok(_) => count += 1,
                Err(full) => break full,
            }
        };
        assert!(count * bytes * 10 > arena.size() * 4, "only {count} blocks of {bytes} bytes");
        assert!(full.in_use <= arena.size() * 3 / 4 && full.to_string().contains("CSP_MESSAGE_BUFFER"), "{full}");
        // What others take there is not open to messages either, when it is freed.
        let certain = arena.allocate(bytes, Kind::Slot, owner(2), Purpose::Certain).unwrap();
        assert!(message(arena, bytes, 1).is_err());
        arena.free(certain);
        assert!(message(arena, bytes, 2).is_err());
        let mut more = 0;
        while arena.allocate(bytes, Kind::Slot, owner(2), Purpose::Certain).is_ok() {
            more += 1;
        }
        assert!(more * 5 > count, "{more} after {count}");
        for owner in [1, 2].map(owner) {
            arena.sweep(owner, |_| ());
        }
        assert_eq!(arena.usage(), Usage::default());
        whole(arena);
    }
}

#[test]
fn a_spare_run_is_free_and_is_taken_as_it_is() {
    let arena = make(16 * MIB, 16 << 10);
    let run = message(arena, MIB, 1).unwrap();
    arena.free(run);
    assert_eq!((arena.check(run.number()), arena.usage(), arena.table.claimed()), (None, Usage::default(), 0));
    assert_eq!(arena.table.spare(), MIB / (16 << 10));
    arena.sweep(owner(1), |_| panic!("it has nothing"));
    // Another's, of the same length; and it is not given twice.
    let [again, beside] = [2, 3].map(|by| message(arena, MIB, by).unwrap());
    assert_eq!((again, arena.table.spare()), (run, 0));
    assert_ne!(beside, again);
    assert_eq!(arena.table.claimed() * UNIT, 2 * MIB);
    // The dead one's is unmade.
    arena.sweep(owner(2), |_| ());
    assert_eq!(arena.table.spare(), 0);
    // All of it can be had, whatever is spare.
    arena.free(beside);
    whole(arena);
    arena.give_back(owner(1));
    assert_eq!(arena.table.spare(), 0);
}

#[test]
fn a_message_above_the_largest_is_refused() {
    let arena = make(4 * MIB, 16 << 10);
    assert_eq!(arena.largest(), MIB);
    assert!(message(arena, MIB, 1).is_ok());
    assert!(message(arena, MIB + 1, 1).is_err());
}

#[test]
fn a_sweep_shows_what_the_dead_had_and_frees_what_is_left() {
    let arena = make(4 * MIB, 16 << 10);
    let [kept, given, run, others] =
        [(64, 1), (64, 1), (100_000, 1), (64, 2)].map(|(bytes, by)| message(arena, bytes, by).unwrap());
    let spare = message(arena, 64, 1).unwrap();
    arena.free(spare); // it is kept for the next allocation, and is nobody's message
    arena.set_kind(kept, Kind::Mobile);
    let mut seen = Vec::new();
    arena.sweep(owner(1), |block| {
        seen.push((block, arena.kind(block)));
        if block == given {
            arena.owner(block).store(2, Ordering::Relaxed);
        }
    });
    forget_cache();
    seen.sort_by_key(|(block, _)| block.number());
    let mut expected = vec![(kept, Kind::Mobile), (given, Kind::Message), (run, Kind::Message)];
    expected.sort_by_key(|(block, _)| block.number());
    assert_eq!(seen, expected);
    let mut left = Vec::new();
    arena.each(|block, owner| left.push((block, owner.number())));
    left.sort_by_key(|(block, _)| block.number());
    let mut expected = vec![(given, 2), (others, 2)];
    expected.sort_by_key(|(block, _)| block.number());
    assert_eq!(left, expected);
    arena.sweep(owner(1), |_| panic!("it had no more"));
}

/// How much of an arena's mapping has memory, in bytes.
fn resident(arena: &Arena) -> usize {
    let start = format!("{:x}-", arena.base.addr());
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let own = maps.lines().skip_while(|line| !line.starts_with(&start));
    let kib =
        own.filter_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?.parse::<usize>().ok()).next();
    kib.unwrap() << 10
}

#[test]
fn memory_goes_back_when_much_is_idle_and_stays_when_messages_go_to_and_fro() {
    let arena = make(32 * MIB, 16 << 10);
    let fill = |bytes: usize| {
        let block = message(arena, bytes, 1).unwrap();
        // SAFETY: the block holds so many bytes, and is ours.
        unsafe { arena.payload(block).write_bytes(1, bytes) };
        block
    };
    let place = arena.payload(fill(MIB)); // one stays
    for _ in 0..100 {
        let block = fill(MIB);
        assert_ne!(arena.payload(block), place);
        arena.free(block);
    }
    assert!(resident(arena) >= 2 * MIB && resident(arena) < 4 * MIB, "{}", resident(arena));
    let blocks: Vec<_> = (0..22).map(|_| fill(MIB)).collect();
    assert!(resident(arena) > 22 * MIB);
    blocks.into_iter().for_each(|block| arena.free(block));
    assert!(resident(arena) < 16 * MIB, "{}", resident(arena));
    arena.give_back(owner(1));
    assert!(resident(arena) < 2 * MIB, "{}", resident(arena));
}

#[test]
fn a_thread_that_ends_gives_back_what_it_kept() {
    // Only of the program's own arena does a thread know that it is still there.
    let arena = arena();
    let before = arena.table.traces(77);
    std::thread::spawn(move || {
        let blocks = [1, 2, 3].map(|n| message(arena, n * 60, 77).unwrap());
        blocks.into_iter().for_each(|block| arena.free(block));
        assert_eq!(arena.table.traces(77), 3);
    })
    .join()
    .unwrap();
    assert_eq!((before, arena.table.traces(77)), (0, 0));
}

#[test]
fn an_arena_that_cannot_be_had_names_the_setting() {
    let refused = |bytes, grain| Arena::make(bytes, grain).err().unwrap();
    assert!(refused(1 << 60, 16 << 10).contains("CSP_MESSAGE_BUFFER"));
    assert!(refused(1000, 16 << 10).contains("CSP_MESSAGE_BUFFER"));
    for grain in [0, 1000, 2048, 2 << 20] {
        assert!(refused(MIB, grain).contains("CSP_BLOCK_SIZE"));
    }
}

#[test]
fn every_grain_works() {
    for shift in 12..=20 {
        let arena = make(96 * MIB, 1 << shift);
        let blocks: Vec<_> = (0..60).map(|n| message(arena, (n * n * 64) + 1, 1).unwrap()).collect();
        blocks.into_iter().for_each(|block| arena.free(block));
        arena.give_back(owner(1));
        forget_cache();
        arena.sweep(owner(1), |_| panic!("nothing is in use"));
        whole(arena);
    }
}
