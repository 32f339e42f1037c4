//! Sleeping on a word that several OS processes share.

use std::sync::atomic::AtomicU32;
use std::time::Instant;

use crate::sync::{now, step};

/// Sleeps while the word is `seen`; until it is woken, `until` has passed, or for no reason.
pub(crate) fn wait(word: &AtomicU32, seen: u32, until: Option<Instant>) {
    #[cfg(csp_steps)]
    if crate::sync::steps::tell(crate::sync::steps::Moment::Sleep(word, seen, until)) {
        return;
    }
    let left = until.map(|until| until.saturating_duration_since(now()));
    let timeout = left.map(|left| libc::timespec {
        tv_sec: libc::time_t::try_from(left.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: left.subsec_nanos() as _,
    });
    let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the word stays mapped, and the timeout until the call returns.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, seen, timeout) };
}

/// Wakes all who sleep on the word.
pub(crate) fn wake(word: &AtomicU32) {
    step();
    #[cfg(csp_steps)]
    if crate::sync::steps::tell(crate::sync::steps::Moment::Wake(word)) {
        return;
    }
    // SAFETY: only the address counts.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
}
