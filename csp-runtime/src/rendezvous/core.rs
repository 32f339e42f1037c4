//! The inner state of a channel: its lock, the two queues, the buffer, and how it ends.

use smallvec::SmallVec;

use super::decision::{Claim, Nudge, Outcome, Sleep};
use super::home::{Buffer, Home, RawLock};
use super::offer::Entry;
use super::queue::Queue;
use crate::sync::{AtomicU32, Guarded, Held, Journal, Ordering, mutant};

const SENDERS_GONE: u32 = 1;
const RECEIVERS_GONE: u32 = 2;
const POISONED: u32 = 4;
/// The channel goes on in another home: whoever comes here offers anew.
const MOVED: u32 = 8;
/// Not how it has ended, but asked at the same time: the channel has a buffer.
const BUFFERED: u32 = 16;

/// Of leases: the last sender has left its end to them.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
const LEFT: u32 = 1 << 31;

/// One of a channel's two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Senders,
    Receivers,
}

/// Who is to be woken once the lock is released.
pub(crate) type Wakes<H> = SmallVec<[(<H as Home>::Wake, Sleep); 2]>;

/// A channel, without its message type: the protocol moves messages by place and size.
///
/// What a rendezvous uses comes first, together: of a channel in the arena it lies on one cache line, and in this process's memory it takes as
/// much.
#[repr(C)]
pub(crate) struct Core<H: Home> {
    pub(super) lock: H::Lock,
    /// How the channel has ended, and whether it has a buffer. Changed under the lock; a choice reads it without.
    flags: AtomicU32,
    pub(super) senders: Queue<H>,
    pub(super) receivers: Queue<H>,
    pub(super) size: usize,
    capacity: usize,
    /// Places of the buffer kept for messages that output guards are making, or by extended inputs that are not over.
    pub(super) kept: Guarded<usize>,
    buffer: std::cell::UnsafeCell<Option<H::Buffer>>,
    /// Output guards that hold the channel without being counted (`channel/lease.rs`); and `LEFT`, once the last sender has gone all the same.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    leases: Guarded<u32>,
}

impl<H: Home> Core<H> {
    /// So many bytes at its beginning are what a plain rendezvous uses, between coroutines of one worker.
    #[cfg(feature = "backend-coroutines")]
    pub(crate) const USED: usize = std::mem::offset_of!(Self, size);

    /// A channel for messages of `size` units; `buffer` with its capacity, or a rendezvous.
    pub(crate) fn new(size: usize, buffer: Option<(H::Buffer, usize)>) -> Self {
        let (buffer, capacity, flags) = match buffer {
            Some((buffer, capacity)) => (Some(buffer), capacity, BUFFERED),
            None => (None, 0, 0),
        };
        Self {
            flags: AtomicU32::new(flags),
            lock: H::Lock::new(),
            senders: Queue::new(),
            receivers: Queue::new(),
            buffer: std::cell::UnsafeCell::new(buffer),
            capacity,
            kept: Guarded::new(0),
            size,
            #[cfg(all(not(loom), feature = "backend-coroutines"))]
            leases: Guarded::new(0),
        }
    }

    /// Takes the lock. What follows must not unwind before `let_go`.
    #[inline(always)]
    pub(crate) fn hold(&self) -> Held<H::Journal> {
        self.lock.lock();
        // SAFETY: the lock is held until `let_go` takes the value away.
        let held = unsafe { Held::new(H::journal()) };
        H::fill_queues(self, &held);
        held
    }

    /// Releases the lock that `hold` took.
    #[inline(always)]
    pub(crate) fn let_go(&self, held: Held<H::Journal>) {
        held.journal().commit();
        // SAFETY: only `hold` makes one of these for callers.
        unsafe { self.lock.unlock() };
    }

    /// Runs `step` under the lock, then wakes whom it completed.
    #[inline(always)]
    pub(super) fn locked<R>(&self, step: impl FnOnce(&Held<H::Journal>, &mut Wakes<H>) -> R) -> R {
        let mut wakes = Wakes::<H>::new();
        let held = self.hold();
        let result = step(&held, &mut wakes);
        self.let_go(held);
        // By reference: moving the list would read in one piece what was just written in several, and stall.
        for &(wake, sleep) in &wakes {
            H::unpark(wake, sleep);
        }
        result
    }

    /// [`locked`](Self::locked), for a step that completes nobody.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn locked_step<R>(&self, step: impl FnOnce(&Held<H::Journal>) -> R) -> R {
        self.locked(|lock, _| step(lock))
    }

    #[cfg(feature = "backend-processes")]
    pub(crate) fn lock_of(&self) -> &H::Lock {
        &self.lock
    }

    /// Whether it has no buffer.
    #[inline]
    pub(super) fn is_rendezvous(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & BUFFERED == 0
    }

    /// Whether it has no buffer and has not ended, for nobody. Under the lock.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(super) fn is_open_rendezvous(&self) -> bool {
        self.flags.load(Ordering::Relaxed) == 0
    }

    /// How it has ended.
    #[inline]
    fn ends(&self) -> u32 {
        self.flags.load(Ordering::Relaxed) & !BUFFERED
    }

    /// The buffer, if this is not a rendezvous.
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "the lock, proved by `Held`, makes the borrow exclusive")]
    pub(crate) fn buffer<'l>(&'l self, _lock: &'l Held<H::Journal>) -> Option<&'l mut H::Buffer> {
        // SAFETY: the lock excludes all others, and no caller holds two of these at once.
        unsafe { &mut *self.buffer.get() }.as_mut()
    }

    /// Whether the buffer has a place for one more message.
    pub(super) fn has_room(&self, lock: &Held<H::Journal>) -> bool {
        self.buffer(lock).is_some_and(|buffer| buffer.len(lock) + self.kept.get(lock) < self.capacity)
    }

    /// Whether it has not ended, for nobody. Under the lock.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.ends() == 0
    }

    /// How the channel has ended for senders, if it has.
    #[inline]
    pub(crate) fn ended_for_senders(&self) -> Option<Outcome> {
        // Relaxed: under the lock it is exact; a choice that looks without it looks again under it.
        match self.ends() {
            0 | SENDERS_GONE => None,
            flags if flags & MOVED != 0 => Some(Outcome::Again),
            flags if flags & POISONED != 0 => Some(Outcome::Poisoned),
            _ => Some(Outcome::Retired),
        }
    }

    /// How the channel has ended for receivers once its buffer is empty, if it has.
    #[inline]
    pub(crate) fn ended_for_receivers(&self) -> Option<Outcome> {
        match self.ends() {
            0 | RECEIVERS_GONE => None,
            flags if flags & MOVED != 0 => Some(Outcome::Again),
            flags if flags & POISONED != 0 => Some(Outcome::Poisoned),
            _ => Some(Outcome::Retired),
        }
    }

    /// How the channel has ended for a receiver that looks now: messages in the buffer are delivered first.
    #[inline]
    pub(crate) fn over_for_receivers(&self) -> Option<Outcome> {
        let ended = self.ended_for_receivers()?;
        if self.is_rendezvous() { Some(ended) } else { self.unless_messages_are_left(ended) }
    }

    #[cold]
    fn unless_messages_are_left(&self, ended: Outcome) -> Option<Outcome> {
        self.locked(|lock, _| match self.buffer(lock) {
            Some(buffer) if buffer.len(lock) > 0 => None,
            _ => Some(ended),
        })
    }

    /// The last end of one side is gone: the other side learns that the channel is retired.
    pub(crate) fn retire(&self, side: Side) {
        let leftovers = self.locked(|lock, wakes| self.retire_within(side, lock, wakes));
        drop(leftovers);
    }

    /// [`retire`](Self::retire) by the holder of the lock, who drops what it gives once that is released.
    pub(crate) fn retire_within(
        &self,
        side: Side,
        lock: &Held<H::Journal>,
        wakes: &mut Wakes<H>,
    ) -> Option<<H::Buffer as Buffer<H>>::Leftovers> {
        let (flag, waiting) = match side {
            Side::Senders => (SENDERS_GONE, &self.receivers),
            Side::Receivers => (RECEIVERS_GONE, &self.senders),
        };
        if !mutant("retirement_unseen") {
            self.raise(flag, lock);
        }
        self.send_away(waiting, lock, wakes);
        match side {
            Side::Senders => None,
            Side::Receivers => self.buffer(lock).map(|buffer| buffer.drain(lock)),
        }
    }

    /// As [`retire`](Self::retire) of the senders, unless there are leases: then the last of those does it, after `leave` under the lock.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    pub(crate) fn retire_or_leave(&self, leave: impl FnOnce()) {
        self.locked(|lock, wakes| {
            let leases = self.leases.get(lock);
            if leases > 0 {
                leave();
                self.leases.set(leases | LEFT, lock);
            } else {
                drop(self.retire_within(Side::Senders, lock, wakes));
            }
        });
    }

    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(super) fn begin_lease(&self, lock: &Held<H::Journal>) {
        self.leases.set(self.leases.get(lock) + 1, lock);
    }

    /// True: it was the last one, and the senders have gone.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn end_lease(&self) -> bool {
        let held = self.hold();
        let leases = self.leases.get(&held) - 1;
        self.leases.set(leases, &held);
        self.let_go(held);
        leases == LEFT
    }

    /// Whether an output guard makes a message for somebody who is in no queue any more.
    #[cfg(feature = "backend-processes")]
    fn is_leased(&self, _lock: &Held<H::Journal>) -> bool {
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        return self.leases.get(_lock) != 0;
        #[cfg(any(loom, not(feature = "backend-coroutines")))]
        false
    }

    /// Tells everybody in a queue that the other side has retired.
    fn send_away(&self, waiting: &Queue<H>, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
        while let Some(entry) = waiting.first(lock) {
            waiting.remove(entry, lock);
            if entry.offer().is_choosing() {
                // A choice goes on waiting while any other of its guards is on: it looks itself.
                nudge(entry, lock, wakes);
            } else {
                complete(entry, Outcome::Retired, lock, wakes);
            }
        }
    }

    /// Ends the channel for everybody, at once. A sender's poison lets the buffer drain, a receiver's drops it.
    pub(crate) fn poison(&self, by: Side) {
        let leftovers = self.locked(|lock, wakes| self.poison_within(by, lock, wakes));
        drop(leftovers);
    }

    /// [`poison`](Self::poison) by the holder of the lock, who drops what it gives once that is released.
    pub(crate) fn poison_within(
        &self,
        by: Side,
        lock: &Held<H::Journal>,
        wakes: &mut Wakes<H>,
    ) -> Option<<H::Buffer as Buffer<H>>::Leftovers> {
        self.raise(POISONED, lock);
        for waiting in [&self.senders, &self.receivers] {
            self.drive_away(waiting, lock, wakes);
        }
        match by {
            Side::Senders => None,
            Side::Receivers => self.buffer(lock).map(|buffer| buffer.drain(lock)),
        }
    }

    /// Ends what everybody in a queue waits for by poison.
    fn drive_away(&self, waiting: &Queue<H>, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
        while let Some(entry) = waiting.first(lock) {
            waiting.remove(entry, lock);
            let decided = if mutant("poison_takes_all") { Claim::Won } else { entry.offer().take(H::decider()) };
            if decided == Claim::Won {
                complete(entry, Outcome::Poisoned, lock, wakes);
            }
        }
    }

    fn raise(&self, flag: u32, lock: &Held<H::Journal>) {
        lock.journal().note((&raw const self.flags).cast(), size_of::<u32>());
        // Relaxed: only ever changed under the lock.
        self.flags.store(self.flags.load(Ordering::Relaxed) | flag, Ordering::Relaxed);
    }

    /// How large its messages are.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn message_size(&self) -> usize {
        self.size
    }

    /// How many messages its buffer holds.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether nobody waits here, or is about to bring a message.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn is_idle(&self, lock: &Held<H::Journal>) -> bool {
        let queues = [&self.senders, &self.receivers];
        self.flags.load(Ordering::Relaxed) & MOVED == 0
            && self.kept.get(lock) == 0
            && !self.is_leased(lock)
            && queues.iter().all(|queue| queue.first(lock).is_none())
    }

    /// It goes on as another one, which has ended like this one.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn move_to<Other: Home>(&self, other: &Core<Other>, lock: &Held<H::Journal>) {
        // Relaxed: the other is not seen by anybody yet.
        other.flags.store(self.flags.load(Ordering::Relaxed), Ordering::Relaxed);
        self.raise(MOVED, lock);
    }

    /// Finishes what a holder of the lock that died half way had made final: those who still wait although the channel has ended, or
    /// its buffer has room, go on.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn finish(&self, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
        let flags = self.ends();
        if flags & POISONED != 0 {
            self.drive_away(&self.senders, lock, wakes);
            self.drive_away(&self.receivers, lock, wakes);
        }
        if flags & SENDERS_GONE != 0 && self.buffer(lock).is_none_or(|buffer| buffer.len(lock) == 0) {
            self.send_away(&self.receivers, lock, wakes);
        }
        if flags & RECEIVERS_GONE != 0 {
            self.send_away(&self.senders, lock, wakes);
        }
        if flags == 0 || flags == SENDERS_GONE {
            self.admit(lock, wakes);
        }
    }

    /// Takes `entry` out of its queue. False: a partner has it.
    pub(crate) fn leave(&self, entry: &Entry<H>) -> bool {
        let held = self.hold();
        let left = self.queue_of(entry).remove(entry, &held) || mutant("late_leave");
        self.let_go(held);
        left
    }

    pub(super) fn queue_of(&self, entry: &Entry<H>) -> &Queue<H> {
        if entry.kind.is_sending() { &self.senders } else { &self.receivers }
    }
}

/// Completes the offer behind `entry`, which the caller has decided and taken out of the queue.
#[inline]
pub(super) fn complete<H: Home>(entry: &Entry<H>, outcome: Outcome, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
    let (wake, sleep) = settle(entry, outcome, lock);
    if sleep != Sleep::Awake {
        wakes.push((wake, sleep));
    }
}

/// The step that makes a communication final.
#[inline(always)]
pub(super) fn settle<H: Home>(entry: &Entry<H>, outcome: Outcome, lock: &Held<H::Journal>) -> (H::Wake, Sleep) {
    let offer = entry.offer();
    let wake = H::wake(offer);
    lock.journal().pivot(std::ptr::from_ref(offer).cast(), offer.generation.load(Ordering::Relaxed));
    // The owner may be gone after the next line.
    let sleep = offer.decision.complete(entry.index(), outcome);
    lock.journal().commit();
    (wake, sleep)
}

/// Makes the choice behind `entry`, which has left the queue, look at its channels again.
fn nudge<H: Home>(entry: &Entry<H>, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
    let wake = H::wake(entry.offer());
    if mutant("last_retirement_silent") {
        return;
    }
    if let Nudge::Given(sleep) = entry.offer().decision.nudge()
        && sleep != Sleep::Awake
    {
        wakes.push((wake, sleep));
    }
    lock.journal().commit();
}
