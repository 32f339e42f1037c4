//! Blocks: small ones in chunks of one size, large ones in runs of chunks. Taking one is a single compare-and-swap.

use std::ptr::NonNull;

use super::map::{Map, affordable};
use super::{Block, Full, Kind, Owner, Purpose, UNIT};
use crate::sync::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence, step};

/// A chunk holds small blocks of one size, or is part of a run.
const CHUNK: usize = 64 << 10;
const UNITS: usize = CHUNK / UNIT;

/// The sizes of small blocks, in units: at most a third is wasted.
const CLASSES: [usize; 19] = [1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 51, 64, 85, 128, 204, 256, 341];
const LARGEST_SMALL: usize = CLASSES[CLASSES.len() - 1] * UNIT;

/// What a chunk is, in the upper half of its word.
const FREE: u64 = 0;
const SMALL: u64 = 1 << 32;
const RUN: u64 = 2 << 32;
/// No block may be taken in it: somebody looks whether it is empty.
const CLOSING: u64 = 3 << 32;

/// Runs up to so many bytes keep their memory when they are freed.
const KEEP: usize = 4 << 20;

/// The arena, as this process sees it.
pub(crate) struct Arena {
    map: Map,
    size: usize,
    chunks: usize,
    /// The first chunk that is not taken by the tables.
    first: usize,
    tables: Tables,
    /// Where this process looks first, by class; the last one is for runs.
    hints: [AtomicU32; CLASSES.len() + 1],
}

/// Pointers into the arena itself.
struct Tables {
    /// What each chunk is; of a run also who claimed it.
    states: NonNull<AtomicU64>,
    /// Of a run's first chunk: how many they are, once all are claimed. Else 0.
    runs: NonNull<AtomicU32>,
    /// Of a chunk in a run: its first.
    heads: NonNull<AtomicU32>,
    /// Who owns the block that begins at a unit; 0: nobody.
    owners: NonNull<AtomicU32>,
    /// What it is for.
    kinds: NonNull<AtomicU8>,
    /// A hint how many chunks are in use.
    used: NonNull<AtomicU32>,
}

// SAFETY: pointers to atomics that stay mapped for ever.
unsafe impl Send for Tables {}
// SAFETY: as above.
unsafe impl Sync for Tables {}
// SAFETY: the mapping is used through atomics, or by a block's owner.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// An arena of about so many bytes.
    ///
    /// # Panics
    /// If the system gives no memory.
    pub(crate) fn new(wish: usize) -> Self {
        let size = affordable(wish.min(u32::MAX as usize * UNIT / 2)).next_multiple_of(CHUNK);
        let chunks = size / CHUNK;
        let map = Map::new(size);
        let units = size / UNIT;
        let mut offset = 0;
        let mut table = |bytes: usize| {
            let place = offset;
            offset += bytes.next_multiple_of(UNIT);
            // SAFETY: the tables take about 8 % of the mapping.
            unsafe { map.base().add(place) }
        };
        let tables = Tables {
            states: table(chunks * 8).cast(),
            runs: table(chunks * 4).cast(),
            heads: table(chunks * 4).cast(),
            used: table(4).cast(),
            owners: table(units * 4).cast(),
            kinds: table(units).cast(),
        };
        let first = offset.div_ceil(CHUNK);
        Self { map, size, chunks, first, tables, hints: Default::default() }
    }

    #[inline]
    pub(super) fn base(&self) -> NonNull<u8> {
        self.map.base()
    }

    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The largest message that is accepted, in bytes.
    pub(crate) fn largest(&self) -> usize {
        (self.chunks - self.first) * CHUNK / 4
    }

    /// Bytes in use, about.
    pub(crate) fn in_use(&self) -> usize {
        self.used().load(Ordering::Relaxed) as usize * CHUNK
    }

    fn used(&self) -> &AtomicU32 {
        // SAFETY: in the tables.
        unsafe { self.tables.used.as_ref() }
    }

    #[inline]
    fn state(&self, chunk: usize) -> &AtomicU64 {
        assert!(chunk < self.chunks);
        // SAFETY: in the table.
        unsafe { self.tables.states.add(chunk).as_ref() }
    }

    fn run(&self, chunk: usize) -> &AtomicU32 {
        assert!(chunk < self.chunks);
        // SAFETY: in the table.
        unsafe { self.tables.runs.add(chunk).as_ref() }
    }

    fn head(&self, chunk: usize) -> &AtomicU32 {
        assert!(chunk < self.chunks);
        // SAFETY: in the table.
        unsafe { self.tables.heads.add(chunk).as_ref() }
    }

    /// Who owns a block: the truth.
    #[inline]
    pub(crate) fn owner(&self, block: Block) -> &AtomicU32 {
        // SAFETY: a block is inside, and the table as long.
        unsafe { self.tables.owners.add(block.number() as usize).as_ref() }
    }

    #[inline]
    fn kind_word(&self, block: Block) -> &AtomicU8 {
        // SAFETY: as in `owner`.
        unsafe { self.tables.kinds.add(block.number() as usize).as_ref() }
    }

    #[inline]
    pub(crate) fn kind(&self, block: Block) -> Kind {
        Kind::of(self.kind_word(block).load(Ordering::Relaxed))
    }

    /// How many bytes fit into a block.
    pub(crate) fn capacity(&self, block: Block) -> usize {
        let chunk = block.number() as usize / UNITS;
        if chunk >= self.chunks {
            return 0;
        }
        let state = self.state(chunk).load(Ordering::Relaxed);
        match state & !u64::from(u32::MAX) {
            SMALL | CLOSING => CLASSES.get(state as u32 as usize).map_or(0, |units| units * UNIT),
            RUN => self.run(chunk).load(Ordering::Relaxed) as usize * CHUNK,
            _ => 0,
        }
    }

    /// A block of at least so many bytes, aligned to [`UNIT`], not zeroed.
    pub(crate) fn allocate(&self, bytes: usize, kind: Kind, owner: Owner, purpose: Purpose) -> Result<Block, Full> {
        let block =
            if bytes <= LARGEST_SMALL { self.small(bytes, owner, purpose) } else { self.large(bytes, owner, purpose) };
        let block = block.ok_or_else(|| self.full(bytes))?;
        step();
        self.kind_word(block).store(kind as u8, Ordering::Relaxed);
        Ok(block)
    }

    fn small(&self, bytes: usize, owner: Owner, purpose: Purpose) -> Option<Block> {
        let units = bytes.div_ceil(UNIT);
        let class = CLASSES.iter().position(|size| *size >= units)?;
        // The block that was freed last, or what comes after the one that was taken last.
        let hint = self.hints[class].load(Ordering::Relaxed);
        if let Some(block) = self.check(hint).filter(|block| self.take(*block, class, owner)) {
            return Some(block);
        }
        let begin = (hint as usize / UNITS).clamp(self.first, self.chunks - 1);
        let wanted = SMALL | class as u64;
        let around = (begin..self.chunks).chain(self.first..begin);
        for chunk in around.clone() {
            if self.state(chunk).load(Ordering::Relaxed) == wanted
                && let Some(block) = self.take_in(chunk, class, owner, hint)
            {
                return Some(block);
            }
        }
        if !self.may_grow(1, purpose) {
            return None;
        }
        for chunk in around {
            let state = self.state(chunk);
            step();
            // SYNC chunk: its blocks are free since its last use ended.
            if state.load(Ordering::Relaxed) == FREE
                && state.compare_exchange(FREE, wanted, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            {
                step();
                self.used().fetch_add(1, Ordering::Relaxed);
                if let Some(block) = self.take_in(chunk, class, owner, 0) {
                    return Some(block);
                }
            }
        }
        None
    }

    fn take_in(&self, chunk: usize, class: usize, owner: Owner, hint: u32) -> Option<Block> {
        let units = CLASSES[class];
        let count = UNITS / units;
        let begin = if hint as usize / UNITS == chunk { hint as usize % UNITS / units } else { 0 };
        for index in (begin..count).chain(0..begin) {
            let block = self.check((chunk * UNITS + index * units) as u32)?;
            if self.owner(block).load(Ordering::Relaxed) == 0 && self.take(block, class, owner) {
                return Some(block);
            }
        }
        None
    }

    /// Takes this block if it is free, and its chunk still one of this class.
    #[inline]
    fn take(&self, block: Block, class: usize, owner: Owner) -> bool {
        let chunk = block.number() as usize / UNITS;
        let wanted = SMALL | class as u64;
        if self.state(chunk).load(Ordering::Relaxed) != wanted || !fits(block.number() as usize % UNITS, CLASSES[class])
        {
            return false;
        }
        step();
        // SYNC block: what its last owner did to it is over. Also with `close`: either it sees the owner, or this sees it closing.
        if self.owner(block).compare_exchange(0, owner.number(), Ordering::SeqCst, Ordering::Relaxed).is_err() {
            return false;
        }
        step();
        // SYNC chunk: see above.
        if self.state(chunk).load(Ordering::SeqCst) != wanted {
            self.owner(block).store(0, Ordering::Release); // SYNC block: it was never used
            return false;
        }
        self.hints[class].store(block.number() + CLASSES[class] as u32, Ordering::Relaxed);
        true
    }

    /// Whether so many chunks more may be in use.
    fn may_grow(&self, chunks: usize, purpose: Purpose) -> bool {
        let all = self.chunks - self.first;
        let used = self.used().load(Ordering::Relaxed) as usize + chunks;
        purpose == Purpose::Certain || used <= all / 4 * 3
    }

    fn large(&self, bytes: usize, owner: Owner, purpose: Purpose) -> Option<Block> {
        let count = bytes.div_ceil(CHUNK);
        if count > self.chunks - self.first || !self.may_grow(count, purpose) {
            return None;
        }
        let hint = self.hints[CLASSES.len()].load(Ordering::Relaxed) as usize / UNITS;
        self.find_run(hint.max(self.first), count, owner).or_else(|| self.find_run(self.first, count, owner)).or_else(
            || {
                self.close_empty_chunks();
                self.find_run(self.first, count, owner)
            },
        )
    }

    fn find_run(&self, from: usize, count: usize, owner: Owner) -> Option<Block> {
        let (mut begin, mut end) = (from, from);
        while end < self.chunks {
            if self.state(end).load(Ordering::Relaxed) != FREE {
                begin = end + 1;
            } else if end + 1 - begin == count {
                match self.claim(begin, count, owner) {
                    Ok(block) => return Some(block),
                    Err(taken) => {
                        begin = taken + 1;
                        end = taken;
                    }
                }
            }
            end += 1;
        }
        None
    }

    /// Claims a run chunk by chunk. An error is the chunk that somebody else had.
    fn claim(&self, begin: usize, count: usize, owner: Owner) -> Result<Block, usize> {
        let claimed = RUN | u64::from(owner.number());
        for chunk in begin..begin + count {
            step();
            // SYNC chunk: as in `small`.
            if self.state(chunk).compare_exchange(FREE, claimed, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                for chunk in begin..chunk {
                    step();
                    self.state(chunk).store(FREE, Ordering::Release); // SYNC chunk: it was never used
                }
                return Err(chunk);
            }
            self.head(chunk).store(begin as u32, Ordering::Relaxed);
        }
        let block = self.check((begin * UNITS) as u32).ok_or(begin)?;
        self.kind_word(block).store(Kind::Unknown as u8, Ordering::Relaxed);
        self.owner(block).store(owner.number(), Ordering::Relaxed);
        step();
        // SYNC run: from here on the run is one block, whose owner is in its word.
        self.run(begin).store(count as u32, Ordering::Release);
        step();
        self.used().fetch_add(count as u32, Ordering::Relaxed);
        Ok(block)
    }

    /// Frees a block, by its owner or by whoever is sure that it has none any more.
    #[inline]
    pub(crate) fn free(&self, block: Block) {
        let chunk = block.number() as usize / UNITS;
        let state = self.state(chunk).load(Ordering::Relaxed);
        if state & !u64::from(u32::MAX) == RUN {
            return self.free_run(block, chunk);
        }
        self.kind_word(block).store(Kind::Unknown as u8, Ordering::Relaxed);
        if let Some(hint) = self.hints.get(state as u32 as usize) {
            hint.store(block.number(), Ordering::Relaxed);
        }
        step();
        // SYNC block: what was done to it is over.
        self.owner(block).store(0, Ordering::Release);
        step();
    }

    fn free_run(&self, block: Block, begin: usize) {
        // SYNC run: as in `claim`.
        let count = self.run(begin).load(Ordering::Acquire) as usize;
        let mine = RUN | u64::from(self.owner(block).load(Ordering::Relaxed));
        // Those behind the first may stand under the name of whoever claimed them; if we die half way, they are to be found under ours.
        for chunk in begin..begin + count {
            step();
            self.state(chunk).store(mine, Ordering::Relaxed);
        }
        if count * CHUNK > KEEP {
            self.map.give_back(begin * CHUNK, count * CHUNK);
        }
        self.kind_word(block).store(Kind::Unknown as u8, Ordering::Relaxed);
        step();
        // SYNC run: it is none any more.
        self.run(begin).store(0, Ordering::Release);
        step();
        self.owner(block).store(0, Ordering::Relaxed);
        self.hints[CLASSES.len()].store(block.number(), Ordering::Relaxed);
        for chunk in begin..begin + count {
            step();
            self.state(chunk).store(FREE, Ordering::Release); // SYNC chunk: what was done in it is over
        }
        self.used().fetch_sub(count as u32, Ordering::Relaxed);
    }

    /// Makes chunks of small blocks free in which no block is owned.
    fn close_empty_chunks(&self) {
        for chunk in self.first..self.chunks {
            let state = self.state(chunk).load(Ordering::Relaxed);
            if state & !u64::from(u32::MAX) == SMALL && self.is_empty(chunk, state) {
                self.close(chunk, state);
            }
        }
    }

    fn is_empty(&self, chunk: usize, state: u64) -> bool {
        let Some(units) = CLASSES.get(state as u32 as usize) else { return false };
        let blocks = (0..UNITS / units).filter_map(|index| self.check((chunk * UNITS + index * units) as u32));
        // SYNC chunk: with `take`, as in `close`.
        blocks.into_iter().all(|block| self.owner(block).load(Ordering::SeqCst) == 0)
    }

    fn close(&self, chunk: usize, state: u64) {
        let closing = CLOSING | (state & u64::from(u32::MAX));
        step();
        // SYNC chunk: with `take`, which looks at the state after it has become an owner.
        if self.state(chunk).compare_exchange(state, closing, Ordering::SeqCst, Ordering::Relaxed).is_err() {
            return;
        }
        fence(Ordering::SeqCst); // SYNC chunk: see above
        let next = if self.is_empty(chunk, state) { FREE } else { state };
        step();
        // SYNC chunk: its blocks are free.
        if self.state(chunk).compare_exchange(closing, next, Ordering::AcqRel, Ordering::Relaxed).is_ok()
            && next == FREE
        {
            self.used().fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// All blocks that have an owner.
    pub(crate) fn each(&self, mut visit: impl FnMut(Block, Owner)) {
        for chunk in self.first..self.chunks {
            let state = self.state(chunk).load(Ordering::Acquire); // SYNC chunk: as in `small`
            let units = match state & !u64::from(u32::MAX) {
                SMALL | CLOSING => CLASSES.get(state as u32 as usize).copied().unwrap_or(UNITS),
                RUN if self.run(chunk).load(Ordering::Acquire) > 0 => UNITS, // SYNC run: as in `claim`
                _ => continue,
            };
            for index in 0..UNITS / units {
                let Some(block) = self.check((chunk * UNITS + index * units) as u32) else { continue };
                // SYNC block: what its owner did so far.
                if let Some(owner) = Owner::of(self.owner(block).load(Ordering::Acquire)) {
                    visit(block, owner);
                }
            }
        }
    }

    /// Every block that `owner` has.
    pub(crate) fn owned_by(&self, owner: Owner, mut visit: impl FnMut(Block)) {
        self.each(|block, its| {
            if its == owner {
                visit(block);
            }
        });
    }

    /// Chunks that `owner`, who is dead, had begun to claim or to free, or was looking at, are free again.
    pub(crate) fn mend(&self, owner: Owner) {
        let torn = RUN | u64::from(owner.number());
        for chunk in self.first..self.chunks {
            let state = self.state(chunk).load(Ordering::Acquire); // SYNC chunk: as in `small`
            if state & !u64::from(u32::MAX) == CLOSING {
                // Whoever looks may be alive: then one of us finds it done.
                let small = SMALL | (state & u64::from(u32::MAX));
                let _ = self.state(chunk).compare_exchange(state, small, Ordering::AcqRel, Ordering::Relaxed); // SYNC chunk: as in `close`
            }
            if state != torn {
                continue;
            }
            let head = self.head(chunk).load(Ordering::Relaxed) as usize;
            let whole = head < self.chunks && {
                let count = self.run(head).load(Ordering::Acquire) as usize; // SYNC run: as in `claim`
                (head..head + count).contains(&chunk)
            };
            if !whole {
                step();
                let _ = self.state(chunk).compare_exchange(state, FREE, Ordering::AcqRel, Ordering::Relaxed); // SYNC chunk: as in `claim`
            }
        }
        let taken = |chunk: &usize| self.state(*chunk).load(Ordering::Relaxed) != FREE;
        let used = (self.first..self.chunks).filter(taken).count();
        self.used().store(used as u32, Ordering::Relaxed);
    }
}

/// Whether a block of so many units may begin at this unit of a chunk.
fn fits(unit: usize, units: usize) -> bool {
    unit.is_multiple_of(units) && unit + units <= UNITS
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn no_block_reaches_beyond_its_chunk() {
        let arena = Arena::new(64 * CHUNK);
        for units in CLASSES {
            // Two chunks and more of each size, one after the other, so that each begins where the last one's hint says.
            for _ in 0..2 * UNITS / units + 2 {
                let block = arena.allocate(units * UNIT, Kind::Message, Owner::COMMON, Purpose::Certain);
                let begin = block.expect("there is room").number() as usize % UNITS;
                assert!(begin + units <= UNITS, "{units} units at {begin}");
            }
        }
    }
}
