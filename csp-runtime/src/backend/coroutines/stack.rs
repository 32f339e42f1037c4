//! Stacks for coroutines: taken from slabs and reused hot, each with a guard page that a signal handler can recognize.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::ptr::with_exposed_provenance_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use corosensei::stack::{MIN_STACK_SIZE, STACK_ALIGNMENT, Stack, StackPointer};
use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

use super::overflow::Regions;

/// Less than this holds no process: smaller requests are rounded up.
const MIN_USABLE: usize = 8 << 10;
/// More than the address space holds, so `mmap` refuses it; and so little that our sums do not overflow.
const MAX_USABLE: usize = 1 << 48;
/// Tops of stacks lie at offsets in their pages that differ by a few cache lines, or they would all compete for the
/// same sets of the L1 cache. The last colour costs its stack 1344 bytes.
const COLOURS: usize = 8;
const COLOUR_STEP: usize = 192;
/// Stacks in the first chunk; each next one has twice as many, up to the limit: so mappings are few.
const FIRST_CHUNK: usize = 64;
const LARGEST_CHUNK: usize = 64 << 10;
/// What a thread keeps for itself, what it returns when it has more, and what it fetches when it has none.
const KEPT_BY_THREAD: usize = 4096;
const RETURNED: usize = 2048;
const FETCHED: usize = 256;
/// With so many stacks idle for all threads, the system may have the memory of further ones. Where such are taken all the same, many processes come
/// and go, and more are kept, up to as many as take half a gigabyte: memory that the system may have is slow to be written again.
const WARM: usize = 16384;
const MOST_WARM: usize = 128 << 10;
/// Idle stacks of other sizes that are kept, and the size from which they do not keep their memory meanwhile.
const KEPT_OF_OWN_SIZE: usize = 64;
const LARGE: usize = 1 << 20;
/// With less address space left than this, no chunk is made smaller to fit.
const CRUMBS: usize = 4 << 20;
/// Not in `libc` yet: pages that fault like `PROT_NONE`, but without a mapping of their own (Linux 6.13).
const MADV_GUARD_INSTALL: libc::c_int = 102;

const _: () = assert!(COLOUR_STEP.is_multiple_of(STACK_ALIGNMENT));
const _: () = assert!((COLOURS - 1) * COLOUR_STEP < 4096);
const _: () = assert!(MIN_USABLE - COLOURS * COLOUR_STEP >= MIN_STACK_SIZE);

/// A stack, owned. Dropped, it is the next that this thread takes, or that a process begins with that was launched before.
pub(super) struct SlabStack {
    /// The coloured top. From it, and from the size, the low end can be told: see [`Slot::below`].
    base: NonZeroUsize,
    usable: usize,
}

impl SlabStack {
    fn slot(&self) -> Slot {
        let slab = SLAB.get().expect("the first stack that is taken makes it");
        let guard = if self.usable == slab.usable { slab.guard } else { slab.page };
        Slot::below(self.base, guard, self.usable, slab.page)
    }

    /// A process is to begin here. Of many that are launched at once and end soon, all but a few would each write to a stack that has left
    /// the caches, or was never written: so it leaves its own idle, and has one on which another has ended here since.
    // Never inlined: see `take`.
    #[inline(never)]
    pub(super) fn warm(&mut self) {
        let _ = CACHE.try_with(|cache| {
            let cache = &mut *cache.0.borrow_mut();
            if cache.warm > 0 && SLAB.get().is_some_and(|slab| slab.usable == self.usable) {
                self.base = cache.exchange(self.slot()).base;
            }
        });
    }

    #[cfg(test)]
    /// Its usable size in bytes, as it was asked for and rounded up to pages. (Colouring has taken a little from it.)
    pub(super) fn size(&self) -> usize {
        self.usable
    }
}

// SAFETY: from `limit` to `base` is one mapping of ours that stays while `self` lives; `take` has put a guard at its
// low end, and above it are at least `MIN_USABLE` bytes less the colour: enough, as the assertion above says.
unsafe impl Stack for SlabStack {
    #[inline]
    fn base(&self) -> StackPointer {
        self.base
    }

    fn limit(&self) -> StackPointer {
        self.slot().low
    }
}

impl Drop for SlabStack {
    fn drop(&mut self) {
        give(self.slot(), self.usable);
    }
}

/// Where a stack is: the start of its guard, and the coloured top.
#[derive(Clone, Copy)]
struct Slot {
    low: NonZeroUsize,
    base: NonZeroUsize,
}

impl Slot {
    fn new(low: NonZeroUsize, guard: usize, usable: usize) -> Self {
        // Neighbours have successive quotients, so each has the next colour.
        let colour = low.get() / (guard + usable) % COLOURS;
        Self { low, base: low.saturating_add(guard + usable - colour * COLOUR_STEP) }
    }

    /// The one with this top: colours take less than a page.
    fn below(base: NonZeroUsize, guard: usize, usable: usize, page: usize) -> Self {
        let end = (base.get() + page - 1) & !(page - 1);
        Self { low: NonZeroUsize::new(end - usable - guard).unwrap_or(base), base }
    }
}

/// The measures of the default stacks, fixed by the first that is taken.
struct Slab {
    page: usize,
    guard: usize,
    usable: usize,
    stride: usize,
}

// FORK: made by `hold`.
static SLAB: OnceLock<Slab> = OnceLock::new();

impl Slab {
    fn new(default: usize) -> Self {
        // SAFETY: takes and returns plain numbers.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
        let usable = round(default, page);
        // A stride that is a power of two would bring all stacks into the same sets of the larger caches.
        let guard = if (page + usable).is_power_of_two() { 2 * page } else { page };
        Self { page, guard, usable, stride: guard + usable }
    }
}

/// The usable size for a request.
fn round(bytes: usize, page: usize) -> usize {
    (bytes.clamp(MIN_USABLE, MAX_USABLE) + page - 1) & !(page - 1) // not `next_multiple_of`, which divides
}

/// A stack of `size` bytes, of `default` if there is no wish; `default` should be the same at each call.
// Never inlined: the caller may go on in another thread after a switch, where an address of a thread-local that the
// compiler has kept would be wrong. Likewise `give`.
#[inline(never)]
pub(super) fn take(size: Option<usize>, default: usize) -> Result<SlabStack, String> {
    let slab = SLAB.get_or_init(|| Slab::new(default));
    let usable = round(size.unwrap_or(default), slab.page);
    let slot = if usable == slab.usable { take_default(slab) } else { take_own(slab.page, usable) }?;
    Ok(SlabStack { base: slot.base, usable })
}

#[inline(never)]
fn give(slot: Slot, usable: usize) {
    let Some(slab) = SLAB.get() else { return };
    if usable != slab.usable {
        return give_own(slot, slab.page, usable);
    }
    let kept = CACHE.try_with(|cache| {
        let mut cache = cache.0.borrow_mut();
        if cache.stacks.len() >= KEPT_BY_THREAD {
            give_back(cache.stacks.drain(..RETURNED).collect()); // the oldest, which are the coldest
            cache.warm = cache.warm.min(cache.stacks.len());
        }
        cache.stacks.push(slot);
        cache.warm += 1;
    });
    // While the thread's locals are being destroyed there is no cache.
    kept.unwrap_or_else(|_| give_back(vec![slot]));
}

/// The idle stacks of a thread.
struct Idle {
    stacks: Vec<Slot>,
    /// So many of them, the last ones, were given since those were launched that have yet to begin: they are warmer than theirs.
    warm: usize,
}

impl Idle {
    #[inline]
    fn take(&mut self) -> Option<Slot> {
        self.warm = self.warm.saturating_sub(1);
        self.stacks.pop()
    }

    /// Takes the warmest for a cold one. There is a warm one.
    fn exchange(&mut self, cold: Slot) -> Slot {
        let coldest = self.stacks.len() - self.warm;
        self.warm -= 1;
        let warmest = self.stacks.len() - 1;
        self.stacks.swap(coldest, warmest);
        std::mem::replace(&mut self.stacks[coldest], cold)
    }
}

struct Cache(RefCell<Idle>);

impl Drop for Cache {
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.0.get_mut().stacks));
    }
}

thread_local! {
    static CACHE: Cache = const { Cache(RefCell::new(Idle { stacks: Vec::new(), warm: 0 })) };
}

/// What all threads share.
struct Store {
    warm: Vec<Slot>,
    /// How many are kept so, for now.
    limit: usize,
    /// Idle ones without memory: taken when no warm one is left.
    cold: Vec<Slot>,
    /// The rest of the newest chunk, and how many stacks the next is to have.
    rest: Range<usize>,
    chunk: usize,
}

// FORK: held, by `hold`.
static STORE: Mutex<Store> =
    Mutex::new(Store { warm: vec![], limit: WARM, cold: vec![], rest: 0..0, chunk: FIRST_CHUNK });
/// Idle stacks of other sizes than the default, with their usable sizes.
// FORK: held, by `hold`.
static OWN: Mutex<Vec<(Slot, usize)>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The idle stacks of all threads, held by one that forks.
#[cfg(feature = "backend-processes")]
pub(super) struct Lock {
    _default: MutexGuard<'static, Store>,
    _own_size: MutexGuard<'static, Vec<(Slot, usize)>>,
    _regions: MutexGuard<'static, usize>,
}

/// `default`: as for [`take`].
#[cfg(feature = "backend-processes")]
pub(super) fn hold(default: usize) -> Lock {
    let _ = SLAB.get_or_init(|| Slab::new(default));
    Lock { _default: lock(&STORE), _own_size: lock(&OWN), _regions: OWN_SIZES.hold() }
}

fn take_default(slab: &Slab) -> Result<Slot, String> {
    if let Ok(Some(slot)) = CACHE.try_with(|cache| cache.0.borrow_mut().take()) {
        return Ok(slot);
    }
    let store = &mut *lock(&STORE);
    let is_cold = store.warm.is_empty();
    let idle = if is_cold { &mut store.cold } else { &mut store.warm };
    if let Some(slot) = idle.pop() {
        let from = idle.len().saturating_sub(FETCHED);
        if is_cold {
            store.limit = (store.limit + FETCHED).min(MOST_WARM);
        }
        let _ = CACHE.try_with(|cache| cache.0.borrow_mut().stacks.extend(idle.drain(from..)));
        return Ok(slot);
    }
    store.fresh(slab)
}

fn give_back(mut slots: Vec<Slot>) {
    {
        let store = &mut *lock(&STORE);
        if store.warm.len() <= store.limit {
            return store.warm.append(&mut slots);
        }
    }
    if let Some(slab) = SLAB.get() {
        slots.sort_unstable_by_key(|slot| slot.low);
        // Guards survive this, so neighbours take one call together. The system takes the memory when it needs it: until then
        // a stack that is used again costs no page fault. If it fails, the memory just stays.
        for run in slots.chunk_by(|one, other| one.low.get() + slab.stride == other.low.get()) {
            let _ = advise(run[0].low, run.len() * slab.stride, libc::MADV_FREE);
        }
    }
    lock(&STORE).cold.append(&mut slots);
}

impl Store {
    /// A stack that has never been used.
    fn fresh(&mut self, slab: &Slab) -> Result<Slot, String> {
        if self.rest.is_empty() {
            // Where address space is rationed (`ulimit -v`), less may fit. Crumbs are left to the allocator.
            let mut count = self.chunk;
            let mut low = map(count * slab.stride);
            while low.is_err() && count > 1 && count * slab.stride > CRUMBS {
                count /= 2;
                low = map(count * slab.stride);
            }
            let low = low.map_err(|errno| exhausted(slab.usable, errno))?.get();
            self.rest = low..low + count * slab.stride;
            CHUNKS.add(self.rest.start, self.rest.end);
            self.chunk = (2 * count).min(LARGEST_CHUNK);
        }
        let low = NonZeroUsize::new(self.rest.start).expect("a chunk is mapped");
        // Now, not when the chunk is mapped: most of a large chunk may never be used.
        install_guard(low, slab.guard, slab.usable)?;
        self.rest.start += slab.stride;
        Ok(Slot::new(low, slab.guard, slab.usable))
    }
}

fn take_own(guard: usize, usable: usize) -> Result<Slot, String> {
    let mut idle = lock(&OWN);
    if let Some(found) = idle.iter().rposition(|&(_, size)| size == usable) {
        return Ok(idle.remove(found).0);
    }
    drop(idle);
    let low = map(guard + usable).map_err(|errno| exhausted(usable, errno))?;
    install_guard(low, guard, usable).inspect_err(|_| unmap(low, guard + usable))?;
    OWN_SIZES.add(low.get(), low.get() + guard + usable);
    Ok(Slot::new(low, guard, usable))
}

fn give_own(slot: Slot, guard: usize, usable: usize) {
    let _ = usable >= LARGE && advise(slot.low, guard + usable, libc::MADV_DONTNEED).is_ok();
    let mut idle = lock(&OWN);
    if idle.len() < KEPT_OF_OWN_SIZE {
        return idle.push((slot, usable));
    }
    drop(idle);
    OWN_SIZES.remove(slot.low.get()); // before the address can be somebody else's
    unmap(slot.low, guard + usable);
    let _ = HEAVY_LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_add(1)); // not `MAX`
}

/// Memory that costs nothing until it is touched.
fn map(bytes: usize) -> nix::Result<NonZeroUsize> {
    let bytes = NonZeroUsize::new(bytes).ok_or(Errno::EINVAL)?;
    let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_NORESERVE;
    // SAFETY: without an address given, the system chooses one where nothing is mapped.
    let low = unsafe { mmap_anonymous(None, bytes, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, flags) }?;
    let low = NonZeroUsize::new(low.as_ptr().expose_provenance()).ok_or(Errno::ENOMEM)?;
    // One touch would fill a huge page, that is many stacks. A kernel that knows none refuses, and that is as good.
    let _ = advise(low, bytes.get(), libc::MADV_NOHUGEPAGE);
    Ok(low)
}

/// Gives back the mapping of a stack of an own size. If that fails it is only lost.
fn unmap(low: NonZeroUsize, bytes: usize) {
    // SAFETY: `take_own` has got just this range from `map`, and the stack there is neither in use nor idle.
    let _ = unsafe { libc::munmap(with_exposed_provenance_mut(low.get()), bytes) };
}

fn advise(low: NonZeroUsize, bytes: usize, advice: libc::c_int) -> nix::Result<()> {
    // SAFETY: the range is from `map`; callers give advice that destroys contents only for stacks nobody uses.
    Errno::result(unsafe { libc::madvise(with_exposed_provenance_mut(low.get()), bytes, advice) }).map(drop)
}

/// How many guards `mprotect` may still make, two mappings each; `usize::MAX` while the lighter ones work.
static HEAVY_LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Makes the low end of a stack inaccessible, for ever.
fn install_guard(low: NonZeroUsize, guard: usize, usable: usize) -> Result<(), String> {
    if HEAVY_LEFT.load(Ordering::Relaxed) == usize::MAX {
        match advise(low, guard, MADV_GUARD_INSTALL) {
            // Older kernels do not know it; and it cannot be done in memory locked by `mlockall`.
            Err(Errno::EINVAL) => {
                let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").unwrap_or_default();
                // Some are left for the allocator, or the program would die of that before it hears from us.
                let left = limit.trim().parse().unwrap_or(65530_usize).saturating_sub(4096) / 2;
                let _ = HEAVY_LEFT.compare_exchange(usize::MAX, left, Ordering::Relaxed, Ordering::Relaxed);
            }
            result => return result.map_err(|errno| exhausted(usable, errno)),
        }
    }
    let left = HEAVY_LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    left.map_err(|_| exhausted(usable, Errno::ENOMEM))?;
    // SAFETY: the range is the low end of a stack from `map` that has not been used yet.
    let result = unsafe { libc::mprotect(with_exposed_provenance_mut(low.get()), guard, libc::PROT_NONE) };
    Errno::result(result).map(drop).map_err(|errno| exhausted(usable, errno))
}

#[cold]
fn exhausted(usable: usize, errno: Errno) -> String {
    let light = HEAVY_LEFT.load(Ordering::Relaxed) == usize::MAX;
    let mappings = if light { "" } else { " or mappings, two a stack on this system (raise `vm.max_map_count`)" };
    format!(
        "no stack of {usable} bytes for a process: the system has no more memory or address space{mappings}: {errno}; \
         ask for smaller stacks by `CSP_STACK`, `Config::stack_size` or `#[process(stack = …)]`"
    )
}

/// The chunks of the slab (room for 15 million stacks), and the stacks of other sizes (about as many as there can be mappings). What finds no place works too;
/// its overflow is reported as any other segmentation fault.
// FORK: changed under the lock of `STORE` alone.
static CHUNKS: Regions<256> = Regions::new();
// FORK: held, by `hold`.
static OWN_SIZES: Regions<65_536> = Regions::new();

/// The usable size of the stack in whose guard `address` lies, if it lies in one. Safe in a signal handler.
pub(super) fn guard_at(address: usize) -> Option<usize> {
    let slab = SLAB.get()?;
    if let Some((start, _)) = CHUNKS.holding(address) {
        return ((address - start) % slab.stride < slab.guard).then_some(slab.usable);
    }
    let (start, end) = OWN_SIZES.holding(address)?;
    (address - start < slab.page).then(|| end - start - slab.page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_given_is_the_next_taken() {
        for size in [None, Some(100_000)] {
            let [one, two] = [(); 2].map(|()| take(size, 32 << 10).unwrap());
            let low = one.limit();
            drop((two, one));
            assert_eq!(take(size, 32 << 10).unwrap().limit(), low);
        }
    }

    #[test]
    fn of_many_that_are_launched_at_once_and_end_soon_one_is_used() {
        let mut launched: Vec<_> = (0..1000).map(|_| take(None, 32 << 10).unwrap()).collect();
        let lows: std::collections::HashSet<_> = launched
            .drain(..)
            .map(|mut stack| {
                stack.warm();
                stack.limit()
            })
            .collect();
        assert!(lows.len() <= 2, "{} were", lows.len());
    }

    #[test]
    fn a_hundred_thousand_at_once() {
        let mut stacks: Vec<_> = (0..100_000).map(|_| take(None, 32 << 10).unwrap()).collect();
        stacks.sort_unstable_by_key(Stack::limit);
        assert!(stacks.windows(2).all(|pair| pair[0].base() <= pair[1].limit()));
        drop(stacks);
        assert!(take(Some(usize::MAX), 32 << 10).is_err_and(|why| why.contains("CSP_STACK")));
    }
}
