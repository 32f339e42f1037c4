//! A counter in shared memory that one process advances and another waits for: spin, then a futex.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};

use bytemuck::Zeroable;
use rustix::io::Errno;
use rustix::thread::futex::{self, Flags};

/// Set while the one who waits sleeps, or is about to; the count stands above.
const ASLEEP: u32 = 1;

/// Counts up by one; wraps, so that counts are compared for equality. One process waits for it at a time.
#[derive(Zeroable)]
#[repr(transparent)]
pub(super) struct Counter(AtomicU32);

impl Counter {
    /// Advances it to `count`, and wakes who waits for that.
    #[inline]
    pub(super) fn advance_to(&self, count: u32) {
        // SYNC count: what was written before is seen by who sees the count.
        let before = self.0.swap(count << 1, Ordering::Release);
        if before & ASLEEP != 0 {
            futex::wake(&self.0, Flags::empty(), 1).expect("a word of ours to wake somebody at");
        }
    }

    /// Whether it is still at `count`.
    #[inline]
    pub(super) fn is_at(&self, count: u32) -> bool {
        // SYNC count: with `advance_to`.
        self.0.load(Ordering::Acquire) | ASLEEP == count << 1 | ASLEEP
    }

    /// Waits until it is no longer at `count`: awake for so many `spins`, then asleep.
    #[inline]
    pub(super) fn wait_beyond(&self, count: u32, spins: u32) {
        for _ in 0..spins {
            if !self.is_at(count) {
                return;
            }
            spin_loop();
        }
        while self.is_at(count) {
            self.sleep_at(count);
        }
    }

    #[cold]
    fn sleep_at(&self, count: u32) {
        let (awake, asleep) = (count << 1, count << 1 | ASLEEP);
        // A failure means that it has advanced, or that the bit is set already: the futex tells which.
        let _ = self.0.compare_exchange(awake, asleep, Ordering::Relaxed, Ordering::Relaxed);
        match futex::wait(&self.0, Flags::empty(), asleep, None) {
            Ok(()) | Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => panic!("a futex: {error}"),
        }
    }
}

/// How long to spin: as long as a wake-up costs where the partner runs on another core, not at all where it needs this one.
pub(super) fn spins(processes: usize) -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if processes <= cores { 2000 } else { 0 }
}
