//! The words that processes share, and each way in which they change. Before each step a model may kill the process.

use std::ops::Range;

use super::CLASSES;
use crate::arena::Kind;
use crate::sync::{AtomicU32, Ordering, fence, mutant, step};

/// A unit or a granule that nobody owns.
pub(super) const FREE: u32 = 0;

/// In place of a run's owner: nobody owns it, but it stands, for whoever wants as much. It is no owner's number.
pub(in crate::arena) const SPARE: u32 = u32::MAX;

/// How many spare runs are found without a search.
const LISTED: usize = if cfg!(any(loom, csp_steps)) { 2 } else { 8 };

/// Whether somebody owns what has this owner word.
#[inline]
pub(super) fn is_owner(word: u32) -> bool {
    word != FREE && word != SPARE
}

/// From here on a claim is no owner's. (`Owner::LIMIT`)
const HEAD: u32 = 1 << 31;
const BODY: u32 = HEAD | 1 << 30;

/// What a granule is.
pub(super) enum Marker {
    Free,
    /// An owner is making something of it, or unmaking it.
    Claimed(u32),
    /// The first of a run or slab.
    Head,
    /// So many after the first.
    Body(usize),
}

/// What a run or slab is: how many granules, and of a slab its class. It stands in the first granule from before it is
/// committed until it is unmade.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape(u32);

impl Shape {
    pub(super) const MOST_GRANULES: usize = (1 << 24) - 1;
    const SLAB: u32 = 1 << 31;
    const RESERVED: u32 = 1 << 30;

    pub(super) fn run(count: usize) -> Self {
        Self(count as u32)
    }

    /// A reserved slab is not for messages.
    pub(super) fn slab(count: usize, class: usize, reserved: bool) -> Self {
        let reserved = if reserved { Self::RESERVED } else { 0 };
        Self(count as u32 | Self::SLAB | reserved | (class as u32) << 24)
    }

    #[inline]
    pub(super) fn count(self) -> usize {
        (self.0 & Self::MOST_GRANULES as u32) as usize
    }

    #[inline]
    pub(super) fn class(self) -> Option<usize> {
        (self.0 & Self::SLAB != 0).then_some((self.0 >> 24) as usize % CLASSES)
    }

    #[inline]
    pub(super) fn is_reserved(self) -> bool {
        self.0 & Self::RESERVED != 0
    }

    /// What the first granule's claim is while it stands.
    fn head(self) -> u32 {
        HEAD | self.0 >> 24 & 0x7f | (self.0 & Self::SLAB) >> 8
    }
}

/// A unit's words; those of a block's first unit are the block's.
#[repr(C)]
pub(in crate::arena) struct Entry {
    owner: AtomicU32,
    kind: AtomicU32,
}

impl Entry {
    #[inline]
    pub(super) fn owner(&self) -> &AtomicU32 {
        &self.owner
    }

    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == FREE
    }

    #[inline]
    pub(super) fn has_owner(&self) -> bool {
        is_owner(self.owner.load(Ordering::Relaxed))
    }

    pub(super) fn is_spare(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == SPARE
    }

    /// FREE → owner: the block is taken.
    #[inline]
    #[must_use]
    pub(super) fn take(&self, owner: u32) -> bool {
        step();
        // SYNC entry: what the last owner did in the block came before.
        self.owner.compare_exchange(FREE, owner, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// owner → FREE, if it is still that owner's.
    pub(super) fn take_back(&self, owner: u32) {
        step();
        // SYNC entry: as `free`.
        let _ = self.owner.compare_exchange(owner, FREE, Ordering::Release, Ordering::Relaxed);
    }

    /// owner → FREE, by the owner.
    #[inline]
    pub(super) fn free(&self) {
        self.give_up(FREE, mutant("relaxed_free"));
    }

    /// owner → SPARE, by the owner of a run.
    pub(super) fn spare(&self) {
        self.give_up(SPARE, mutant("relaxed_spare"));
    }

    #[inline]
    fn give_up(&self, word: u32, relaxed: bool) {
        self.set_kind(Kind::Unfinished);
        step();
        if relaxed {
            return self.owner.store(word, Ordering::Relaxed);
        }
        // SYNC entry: the next owner comes after all that this one did in the block.
        self.owner.store(word, Ordering::Release);
    }

    /// SPARE → owner: the run that stands there, whichever that is by now.
    #[must_use]
    pub(super) fn take_spare(&self, owner: u32) -> bool {
        step();
        // SYNC entry: as `take`; and the run's shape came before.
        self.owner.compare_exchange(SPARE, owner, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[inline]
    pub(super) fn kind(&self) -> Kind {
        Kind::from_raw(self.kind.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn set_kind(&self, kind: Kind) {
        step();
        self.kind.store(kind as u32, Ordering::Relaxed);
    }
}

/// A granule's words, in half a cache line.
#[repr(C, align(32))]
pub(in crate::arena) struct Granule {
    claim: AtomicU32,
    shape: AtomicU32,
    /// Of which classes a slab has ever begun here: only there may a late allocation leave its owner.
    classes: AtomicU32,
    /// A hint: the slab that begins here has nothing free.
    full: AtomicU32,
    /// Its memory may have been given out by the system.
    touched: AtomicU32,
}

impl Granule {
    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.claim.load(Ordering::Relaxed) == FREE
    }

    pub(super) fn is_claimed_by(&self, owner: u32) -> bool {
        self.claim.load(Ordering::Relaxed) == owner
    }

    #[inline]
    pub(super) fn marker(&self) -> Marker {
        // SYNC claim: the shape of what is committed is seen.
        match self.claim.load(Ordering::Acquire) {
            FREE => Marker::Free,
            claim if claim >= BODY => Marker::Body((claim - BODY) as usize),
            claim if claim >= HEAD => Marker::Head,
            owner => Marker::Claimed(owner),
        }
    }

    #[inline]
    pub(super) fn shape(&self) -> Shape {
        Shape(self.shape.load(Ordering::Relaxed))
    }

    /// FREE → owner.
    #[must_use]
    pub(super) fn claim(&self, owner: u32) -> bool {
        step();
        // SYNC claim: what was done in the granule before came before.
        self.claim.compare_exchange(FREE, owner, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Head of a slab → owner, to see whether it is empty. The fence: see [`still_has`](Self::still_has).
    #[must_use]
    pub(super) fn claim_slab(&self, shape: Shape, owner: u32) -> bool {
        step();
        // SYNC claim: as `claim`.
        let won = self.claim.compare_exchange(shape.head(), owner, Ordering::Acquire, Ordering::Relaxed).is_ok();
        // SYNC retire: either this owner sees that a block has been taken, or whoever took it sees the claim. With itself
        // and with `still_has`.
        fence(Ordering::SeqCst);
        won
    }

    /// Whether the slab still stands, after a block in it has been taken.
    #[inline]
    #[must_use]
    pub(super) fn still_has(&self, shape: Shape) -> bool {
        if mutant("slab_not_rechecked") {
            return true;
        }
        // SYNC retire: see `claim_slab`.
        fence(Ordering::SeqCst);
        // SYNC claim: as `marker`.
        self.claim.load(Ordering::Acquire) == shape.head()
    }

    /// owner → FREE, or an owner's claim becomes another of its own.
    pub(super) fn release(&self) {
        step();
        // SYNC claim: the next claim comes after.
        self.claim.store(FREE, Ordering::Release);
    }

    pub(super) fn set_shape(&self, shape: Option<Shape>) {
        step();
        self.shape.store(shape.map_or(0, |shape| shape.0), Ordering::Relaxed);
    }

    /// owner → body.
    pub(super) fn set_body(&self, distance: usize) {
        step();
        // SYNC claim: the head's shape came before.
        self.claim.store(BODY + distance as u32, Ordering::Release);
    }

    /// owner → head: it is committed.
    pub(super) fn set_head(&self, shape: Shape) {
        step();
        // SYNC claim: shape and bodies came before.
        self.claim.store(shape.head(), Ordering::Release);
    }

    /// Head of a run, or a body → owner: it is being unmade.
    pub(super) fn unmake(&self, owner: u32) {
        step();
        // SYNC claim: whoever finds this claim sees the shape.
        self.claim.store(owner, Ordering::Release);
    }

    pub(super) fn remember(&self, class: usize) {
        step();
        let _ = self.classes.fetch_or(1 << class, Ordering::Relaxed);
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.classes.load(Ordering::Relaxed);
        std::iter::from_fn(move || {
            // A sweep asks every granule, and most have had none.
            let class = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(class)
        })
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed) != 0
    }

    pub(super) fn set_full(&self, full: bool) {
        step();
        self.full.store(u32::from(full), Ordering::Relaxed);
    }

    pub(super) fn is_touched(&self) -> bool {
        self.touched.load(Ordering::Relaxed) != 0
    }

    /// By whoever has claimed it.
    pub(super) fn set_touched(&self, touched: bool) {
        if self.is_touched() != touched {
            step();
            self.touched.store(u32::from(touched), Ordering::Relaxed);
        }
    }
}

/// What concerns the whole table. All of it are caches and hints, but for two bounds.
#[repr(C, align(64))]
pub(in crate::arena) struct Header {
    /// How many granules are taken.
    claimed: AtomicU32,
    /// How many have been freed, and not taken again as they were, since memory was last given back.
    freed: AtomicU32,
    /// Where a run was last unmade.
    run: AtomicU32,
    /// Where there are spare runs: one more than the head's number, or zero.
    spares: [AtomicU32; LISTED],
    /// So many granules from the lower end, and so many from the upper, may have been claimed. They grow only, and before any claim beyond
    /// them, so whoever looks for what a dead process had finds it without looking at each granule of a large arena.
    lower: AtomicU32,
    upper: AtomicU32,
    /// For each class, a slab that had room.
    slabs: [AtomicU32; CLASSES],
}

impl Header {
    pub(super) fn claimed(&self) -> usize {
        self.claimed.load(Ordering::Relaxed) as usize
    }

    pub(super) fn set_claimed(&self, count: usize) {
        step();
        self.claimed.store(count as u32, Ordering::Relaxed);
    }

    pub(super) fn more_claimed(&self, count: usize) {
        step();
        let _ = self.claimed.fetch_add(count as u32, Ordering::Relaxed);
    }

    pub(super) fn less_claimed(&self, count: usize) {
        subtract(&self.claimed, count);
    }

    /// Counts what has been freed. True: it is time to look whether memory is to be given back.
    pub(super) fn freed(&self, count: usize, all: usize) -> bool {
        step();
        self.freed.fetch_add(count as u32, Ordering::Relaxed) as usize + count > super::runs::most_idle(all)
    }

    /// How much has been freed by that count.
    pub(super) fn has_freed(&self) -> usize {
        self.freed.load(Ordering::Relaxed) as usize
    }

    /// What has been freed is in use again, as it was.
    pub(super) fn reused(&self, count: usize) {
        subtract(&self.freed, count);
    }

    pub(super) fn forget_freed(&self) {
        step();
        self.freed.store(0, Ordering::Relaxed);
    }

    /// Granules of `all` between these have never been claimed.
    pub(super) fn never_claimed(&self, all: usize) -> Range<usize> {
        let lower = self.lower.load(Ordering::Relaxed) as usize;
        lower..all.saturating_sub(self.upper.load(Ordering::Relaxed) as usize).max(lower)
    }

    /// Some of `all` granules are about to be claimed: from now on whoever looks for claims looks there, too.
    pub(super) fn will_claim(&self, granules: Range<usize>, all: usize) {
        let never = self.never_claimed(all);
        if granules.end <= never.start || granules.start >= never.end {
            return;
        }
        step();
        if granules.end - never.start <= never.end - granules.start {
            let _ = self.lower.fetch_max(granules.end as u32, Ordering::Relaxed);
        } else {
            let _ = self.upper.fetch_max((all - granules.start) as u32, Ordering::Relaxed);
        }
    }

    pub(super) fn run_hint(&self) -> usize {
        self.run.load(Ordering::Relaxed) as usize
    }

    pub(super) fn set_run_hint(&self, granule: usize) {
        step();
        self.run.store(granule as u32, Ordering::Relaxed);
    }

    /// Where spare runs are listed, and their heads.
    pub(super) fn spares(&self) -> impl Iterator<Item = (usize, usize)> {
        let heads = self.spares.iter().map(|spare| spare.load(Ordering::Relaxed) as usize);
        heads.enumerate().filter_map(|(at, spare)| Some((at, spare.checked_sub(1)?)))
    }

    /// Lists a spare run, perhaps in the place of another.
    pub(super) fn list_spare(&self, head: usize) -> Option<usize> {
        let at = self.spares.iter().position(|spare| spare.load(Ordering::Relaxed) == 0).unwrap_or(head % LISTED);
        step();
        (self.spares[at].swap(head as u32 + 1, Ordering::Relaxed) as usize).checked_sub(1)
    }

    /// The run that is listed there is taken, unless another is by now.
    pub(super) fn unlist_spare(&self, at: usize, head: usize) {
        step();
        let _ = self.spares[at].compare_exchange(head as u32 + 1, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(super) fn slab_hint(&self, class: usize) -> usize {
        self.slabs[class].load(Ordering::Relaxed) as usize
    }

    pub(super) fn set_slab_hint(&self, class: usize, head: usize) {
        step();
        self.slabs[class].store(head as u32, Ordering::Relaxed);
    }
}

/// Takes so much off a counter, which is never below zero, whatever a killed process has left out.
fn subtract(counter: &AtomicU32, count: usize) {
    step();
    let before = counter.fetch_sub(count as u32, Ordering::Relaxed);
    if (before as usize) < count {
        step();
        counter.store(0, Ordering::Relaxed);
    }
}

/// Fresh words, elsewhere than in a mapping (whose zeros are the same).
#[cfg(any(test, loom))]
mod fresh {
    use super::*;

    fn zero() -> AtomicU32 {
        AtomicU32::new(0)
    }

    impl Entry {
        pub(in crate::arena) fn fresh() -> Self {
            Self { owner: zero(), kind: zero() }
        }
    }

    impl Granule {
        pub(in crate::arena) fn fresh() -> Self {
            Self { claim: zero(), shape: zero(), classes: zero(), full: zero(), touched: zero() }
        }
    }

    impl Header {
        pub(in crate::arena) fn fresh() -> Self {
            Self {
                claimed: zero(),
                freed: zero(),
                run: zero(),
                spares: std::array::from_fn(|_| zero()),
                lower: zero(),
                upper: zero(),
                slabs: std::array::from_fn(|_| zero()),
            }
        }
    }
}
