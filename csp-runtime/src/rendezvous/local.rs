//! The home in this process's memory: links and places are pointers.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

#[cfg(all(not(loom), feature = "backend-coroutines"))]
use super::bias::is_owner;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use super::core::Core;
use super::decision::Sleep;
use super::home::{Buffer, Home};
use super::offer::{Entry, Offer};
use crate::backend::Park;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use crate::fetch;
use crate::sync::{Held, NoJournal};

/// This process's memory.
pub(crate) enum Local {}

impl Home for Local {
    type Link = NonNull<Entry<Local>>;
    type Partner = Self::Link;
    type Place = *mut u8;
    type Wake = &'static dyn Park;
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    type Lock = super::bias::BiasedLock;
    #[cfg(all(not(loom), not(feature = "backend-coroutines")))]
    type Lock = super::lock::SpinLock;
    #[cfg(loom)]
    type Lock = super::lock::ModelLock;
    type Journal = NoJournal;
    type Buffer = Box<dyn ErasedBuffer>;

    #[inline]
    unsafe fn entry<'a>(link: Self::Link) -> &'a Entry<Self> {
        // SAFETY: the caller knows that the entry is alive.
        unsafe { link.as_ref() }
    }

    #[inline]
    fn link(entry: &Entry<Self>) -> Self::Link {
        NonNull::from(entry)
    }

    #[inline]
    fn partner(entry: &Entry<Self>) -> Self::Link {
        Self::link(entry)
    }

    #[inline]
    fn follow(partner: Self::Link) -> Self::Link {
        partner
    }

    #[cfg(not(loom))]
    #[inline]
    fn rank(offer: &Offer) -> usize {
        std::ptr::from_ref(offer).addr()
    }

    #[cfg(loom)]
    fn rank(offer: &Offer) -> usize {
        offer.age
    }

    #[inline(always)]
    fn decider() -> u32 {
        0
    }

    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    fn fill_queues(core: &Core<Self>, lock: &Held) {
        core.empty_hatch(lock);
    }

    #[inline(always)]
    fn journal() -> NoJournal {
        NoJournal
    }

    #[inline(always)]
    fn wake(offer: &Offer) -> Self::Wake {
        offer.parker
    }

    #[inline]
    unsafe fn carry(from: Self::Place, to: Self::Place, size: usize, _lock: &Held) {
        if size == size_of::<u64>() {
            // SAFETY: both places are valid for `size` bytes, by the caller; the type keeps padding and provenance.
            let word = unsafe { from.cast::<MaybeUninit<u64>>().read_unaligned() };
            // SAFETY: as above.
            unsafe { to.cast::<MaybeUninit<u64>>().write_unaligned(word) };
        } else {
            // SAFETY: both places are valid for `size` bytes and belong to different processes' frames, or a buffer.
            unsafe { to.copy_from_nonoverlapping(from, size) };
        }
    }

    #[inline(always)]
    unsafe fn give(_from: Self::Place, _to: Self::Place, _size: usize, _lock: &Held) {}

    // By coroutines, whose partners sleep, as a rule: a thread waits awake at first, and what it looks at would be taken away from it.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    fn expect_partner(partner: &Entry<Self>) {
        if is_owner() {
            // With its offer, which lies on either side of it.
            [-1, 0, 1, 2].into_iter().for_each(|line| fetch::line_to_write(std::ptr::from_ref(partner).cast(), line));
        }
    }

    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    fn expect_meeting(partner: &Entry<Self>) {
        if is_owner() {
            fetch::line_to_write(partner.place, 0);
            partner.offer().parker.expect_unpark();
        }
    }

    #[inline]
    fn unpark(wake: Self::Wake, sleep: Sleep) {
        crate::deadlock::wake(wake, sleep);
    }
}

/// A buffer whose message type is forgotten, so that the protocol exists once for all of them.
pub(crate) trait ErasedBuffer: Send {
    fn len(&self) -> usize;
    /// # Safety
    /// See [`Buffer::push`].
    unsafe fn push(&mut self, from: *mut u8);
    /// # Safety
    /// See [`Buffer::pop`].
    unsafe fn pop(&mut self, to: *mut u8);
    fn drain(&mut self) -> Box<dyn ErasedBuffer>;
}

struct Messages<T>(VecDeque<T>);

/// A buffer for messages of type `T`.
pub(crate) fn messages<T: Send>() -> Box<dyn ErasedBuffer> {
    let buffer: Box<dyn ErasedBuffer + '_> = Box::new(Messages(VecDeque::<T>::new()));
    // SAFETY: only the lifetime of `T` is forgotten. The buffer lives in a channel that only ends, commits and releases of
    // message type `T` keep alive, and each of them has a destructor, so `T` outlives them all.
    unsafe { std::mem::transmute::<Box<dyn ErasedBuffer + '_>, Box<dyn ErasedBuffer + 'static>>(buffer) }
}

impl<T: Send> ErasedBuffer for Messages<T> {
    fn len(&self) -> usize {
        self.0.len()
    }

    unsafe fn push(&mut self, from: *mut u8) {
        // SAFETY: the caller moves a `T` in.
        self.0.push_back(unsafe { from.cast::<T>().read() });
    }

    unsafe fn pop(&mut self, to: *mut u8) {
        if let Some(message) = self.0.pop_front() {
            // SAFETY: the caller has room for a `T`.
            unsafe { to.cast::<T>().write(message) };
        }
    }

    fn drain(&mut self) -> Box<dyn ErasedBuffer> {
        let taken: Box<dyn ErasedBuffer + '_> = Box::new(Messages(std::mem::take(&mut self.0)));
        // SAFETY: as in `messages`; the caller drops it while it holds an end of the channel.
        unsafe { std::mem::transmute::<Box<dyn ErasedBuffer + '_>, Box<dyn ErasedBuffer + 'static>>(taken) }
    }
}

impl Buffer<Local> for Box<dyn ErasedBuffer> {
    type Leftovers = Self;

    fn len(&self, _lock: &Held) -> usize {
        (**self).len()
    }

    unsafe fn push(&mut self, from: *mut u8, _lock: &Held) {
        // SAFETY: passed on.
        unsafe { (**self).push(from) };
    }

    unsafe fn pop(&mut self, to: *mut u8, _lock: &Held) {
        // SAFETY: passed on.
        unsafe { (**self).pop(to) };
    }

    fn drain(&mut self, _lock: &Held) -> Self {
        (**self).drain()
    }
}
