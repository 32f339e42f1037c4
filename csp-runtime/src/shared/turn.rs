//! Work that only one of all processes does at a time: a word in the census names whoever has its turn. If that one is killed, the next one begins.

use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::census::{self, Slot, State};
use crate::sync::{mutant, pause, step};

/// Mine, until this is dropped.
pub(super) struct Turn(&'static AtomicU32);

impl Turn {
    /// Waits until nobody has it.
    pub(super) fn take(word: &'static AtomicU32) -> Self {
        let me = census::me().number();
        let mut attempt = 0;
        loop {
            let holder = word.load(Ordering::Relaxed);
            // SYNC turn: what the last one did is seen.
            if is_free(holder) && word.compare_exchange(holder, me, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return Self(word);
            }
            pause(attempt);
            attempt += 1;
        }
    }

    /// Waits until nobody has it. The caller has not.
    pub(super) fn pass(word: &AtomicU32) {
        let mut attempt = 0;
        // SYNC turn: as in `take`.
        while !is_free(word.load(Ordering::Acquire)) {
            pause(attempt);
            attempt += 1;
        }
    }

    /// A process that is gone has it no more, before its number is another's.
    pub(super) fn take_from(gone: &Slot, word: &AtomicU32) {
        // SYNC turn: whoever comes next begins anew.
        if mutant("turn_of_the_dead") {
            return;
        }
        let _ = word.compare_exchange(gone.number(), 0, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Whether that is nobody, or one that is gone.
fn is_free(holder: u32) -> bool {
    holder == 0 || census::numbered(holder).is_none_or(|slot| is_gone(slot) && !mutant("turn_of_the_dead"))
}

/// Of one that leaves in order a thread may still be at it, until the system knows it no more: who is to dismiss it may wait for this turn himself.
fn is_gone(slot: &Slot) -> bool {
    let pid = Pid::from_raw(slot.pid.load(Ordering::Relaxed));
    slot.is(State::Dead) || slot.is(State::Clean) && kill(pid, None) == Err(Errno::ESRCH)
}

impl Drop for Turn {
    fn drop(&mut self) {
        step();
        // SYNC turn: shows what was done.
        let _ = self.0.compare_exchange(census::me().number(), 0, Ordering::Release, Ordering::Relaxed);
    }
}
