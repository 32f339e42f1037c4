//! The inner state of a channel: its lock, the two queues, the buffer, and how it ends.

use smallvec::SmallVec;

use super::decision::{Claim, Outcome, Sleep};
use super::home::{Buffer, Home, RawLock};
use super::offer::Entry;
use super::queue::Queue;
use crate::sync::{AtomicU32, Guarded, Held, Ordering, mutant};

const SENDERS_GONE: u32 = 1;
const RECEIVERS_GONE: u32 = 2;
const POISONED: u32 = 4;

/// One of a channel's two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Senders,
    Receivers,
}

/// Who is to be woken once the lock is released.
pub(super) type Wakes<H> = SmallVec<[(<H as Home>::Wake, Sleep); 2]>;

/// A channel, without its message type: the protocol moves messages by place and size.
pub(crate) struct Core<H: Home> {
    /// How the channel has ended. Changed under the lock; a choice reads it without.
    flags: AtomicU32,
    lock: H::Lock,
    pub(super) senders: Queue<H>,
    pub(super) receivers: Queue<H>,
    buffer: std::cell::UnsafeCell<Option<H::Buffer>>,
    capacity: usize,
    /// Places of the buffer kept for messages that output guards are making, or by extended inputs that are not over.
    pub(super) kept: Guarded<usize>,
    pub(super) size: usize,
}

impl<H: Home> Core<H> {
    /// A channel for messages of `size` units; `buffer` with its capacity, or a rendezvous.
    pub(crate) fn new(size: usize, buffer: Option<(H::Buffer, usize)>) -> Self {
        let (buffer, capacity) = match buffer {
            Some((buffer, capacity)) => (Some(buffer), capacity),
            None => (None, 0),
        };
        Self {
            flags: AtomicU32::new(0),
            lock: H::Lock::new(),
            senders: Queue::new(),
            receivers: Queue::new(),
            buffer: std::cell::UnsafeCell::new(buffer),
            capacity,
            kept: Guarded::new(0),
            size,
        }
    }

    /// Takes the lock. What follows must not unwind before `let_go`.
    #[inline(always)]
    pub(super) fn hold(&self) -> Held {
        self.lock.lock();
        // SAFETY: the lock is held until `let_go` takes the value away.
        unsafe { Held::new() }
    }

    /// Releases the lock that `hold` took.
    #[inline(always)]
    pub(super) fn let_go(&self, _held: Held) {
        // SAFETY: only `hold` makes one of these for callers.
        unsafe { self.lock.unlock() };
    }

    /// Runs `step` under the lock, then wakes whom it completed.
    #[inline(always)]
    pub(super) fn locked<R>(&self, step: impl FnOnce(&Held, &mut Wakes<H>) -> R) -> R {
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

    /// Whether it has no buffer.
    #[inline]
    pub(super) fn is_rendezvous(&self) -> bool {
        self.capacity == 0
    }

    /// The buffer, if this is not a rendezvous.
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "the lock, proved by `Held`, makes the borrow exclusive")]
    pub(super) fn buffer<'l>(&'l self, _lock: &'l Held) -> Option<&'l mut H::Buffer> {
        // SAFETY: the lock excludes all others, and no caller holds two of these at once.
        unsafe { &mut *self.buffer.get() }.as_mut()
    }

    /// Whether the buffer has a place for one more message.
    pub(super) fn has_room(&self, lock: &Held) -> bool {
        self.buffer(lock).is_some_and(|buffer| buffer.len() + self.kept.get(lock) < self.capacity)
    }

    /// Whether it has not ended, for nobody. Under the lock.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.flags.load(Ordering::Relaxed) == 0
    }

    /// How the channel has ended for senders, if it has.
    #[inline]
    pub(crate) fn ended_for_senders(&self) -> Option<Outcome> {
        // Relaxed: under the lock it is exact; a choice that looks without it looks again under it.
        match self.flags.load(Ordering::Relaxed) {
            0 | SENDERS_GONE => None,
            flags if flags & POISONED != 0 => Some(Outcome::Poisoned),
            _ => Some(Outcome::Retired),
        }
    }

    /// How the channel has ended for receivers once its buffer is empty, if it has.
    #[inline]
    pub(crate) fn ended_for_receivers(&self) -> Option<Outcome> {
        match self.flags.load(Ordering::Relaxed) {
            0 | RECEIVERS_GONE => None,
            flags if flags & POISONED != 0 => Some(Outcome::Poisoned),
            _ => Some(Outcome::Retired),
        }
    }

    /// How the channel has ended for a receiver that looks now: messages in the buffer are delivered first.
    #[inline]
    pub(crate) fn over_for_receivers(&self) -> Option<Outcome> {
        let ended = self.ended_for_receivers()?;
        if self.capacity == 0 { Some(ended) } else { self.unless_messages_are_left(ended) }
    }

    #[cold]
    fn unless_messages_are_left(&self, ended: Outcome) -> Option<Outcome> {
        self.locked(|lock, _| match self.buffer(lock) {
            Some(buffer) if buffer.len() > 0 => None,
            _ => Some(ended),
        })
    }

    /// The last end of one side is gone: the other side learns that the channel is retired.
    pub(crate) fn retire(&self, side: Side) {
        let leftovers = self.locked(|lock, wakes| {
            let (flag, waiting) = match side {
                Side::Senders => (SENDERS_GONE, &self.receivers),
                Side::Receivers => (RECEIVERS_GONE, &self.senders),
            };
            if !mutant("retirement_unseen") {
                self.raise(flag);
            }
            while let Some(entry) = waiting.first(lock) {
                waiting.remove(entry, lock);
                let decided = match entry.offer().is_choosing() {
                    false => Claim::Won,
                    // A choice goes on waiting while any other of its guards is on.
                    true if entry.offer().switch_off() && !mutant("last_retirement_silent") => {
                        entry.offer().take(entry.index())
                    }
                    true => Claim::Lost,
                };
                if decided == Claim::Won {
                    complete(entry, Outcome::Retired, wakes);
                }
            }
            match side {
                Side::Senders => None,
                Side::Receivers => self.buffer(lock).map(Buffer::drain),
            }
        });
        drop(leftovers);
    }

    /// Ends the channel for everybody, at once. A sender's poison lets the buffer drain, a receiver's drops it.
    pub(crate) fn poison(&self, by: Side) {
        let leftovers = self.locked(|lock, wakes| {
            self.raise(POISONED);
            for waiting in [&self.senders, &self.receivers] {
                while let Some(entry) = waiting.first(lock) {
                    waiting.remove(entry, lock);
                    let decided =
                        if mutant("poison_takes_all") { Claim::Won } else { entry.offer().take(entry.index()) };
                    if decided == Claim::Won {
                        complete(entry, Outcome::Poisoned, wakes);
                    }
                }
            }
            match by {
                Side::Senders => None,
                Side::Receivers => self.buffer(lock).map(Buffer::drain),
            }
        });
        drop(leftovers);
    }

    fn raise(&self, flag: u32) {
        // Relaxed: only ever changed under the lock.
        self.flags.store(self.flags.load(Ordering::Relaxed) | flag, Ordering::Relaxed);
    }

    /// Takes `entry` out of its queue. False: a partner has it.
    pub(crate) fn leave(&self, entry: &Entry<H>) -> bool {
        self.locked(|lock, _| self.queue_of(entry).remove(entry, lock) || mutant("late_leave"))
    }

    pub(super) fn queue_of(&self, entry: &Entry<H>) -> &Queue<H> {
        if entry.kind.is_sending() { &self.senders } else { &self.receivers }
    }
}

/// Completes the offer behind `entry`, which the caller has decided and taken out of the queue.
#[inline]
pub(super) fn complete<H: Home>(entry: &Entry<H>, outcome: Outcome, wakes: &mut Wakes<H>) {
    let wake = entry.offer().wake;
    // The owner may be gone after the next line.
    let sleep = entry.offer().decision.complete(entry.index(), outcome);
    if sleep != Sleep::Awake {
        wakes.push((wake, sleep));
    }
}
