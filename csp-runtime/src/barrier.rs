//! A fence of which one side costs nothing: that side only keeps the compiler in order, the other one, which is rare, makes
//! every thread of this program pass a real fence.
//!
//! Between [`light`] on one side and [`heavy`] on the other holds what holds between two sequentially consistent fences:
//! of «write A, light, read B» and «write B, heavy, read A» one reads what the other has written.

#[cfg(all(not(loom), target_os = "linux"))]
mod linux {
    use std::ffi::{c_int, c_long};
    use std::sync::OnceLock;

    use nix::errno::Errno;
    use nix::libc;

    // From the kernel's `linux/membarrier.h`.
    const PRIVATE_EXPEDITED: c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: c_int = 1 << 4;

    fn membarrier(command: c_int) -> nix::Result<c_long> {
        // SAFETY: the call takes numbers, and touches no memory of ours.
        Errno::result(unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) })
    }

    /// Whether this system has such fences. Asked before the first of them.
    pub(crate) fn is_there() -> bool {
        // FORK: made under `workers::STARTING`, before there is a worker to ask.
        static REGISTERED: OnceLock<bool> = OnceLock::new();
        *REGISTERED.get_or_init(|| membarrier(REGISTER_PRIVATE_EXPEDITED).is_ok())
    }

    #[inline(always)]
    pub(crate) fn light() {
        // SYNC barrier: with `heavy`.
        std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    }

    /// # Panics
    /// If the system refuses what it has promised to [`is_there`].
    pub(crate) fn heavy() {
        let result = membarrier(PRIVATE_EXPEDITED);
        assert!(result.is_ok(), "the system's memory barrier fails: {result:?}");
    }
}

/// [`light`], where the system has such fences; an ordinary one elsewhere.
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
#[inline]
pub(crate) fn light_or_fence() {
    if is_there() {
        light();
    } else {
        // SYNC barrier: with `heavy_or_fence`.
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    }
}

/// [`heavy`], likewise.
#[cfg(any(feature = "backend-coroutines", all(test, loom)))]
pub(crate) fn heavy_or_fence() {
    if is_there() {
        heavy();
    } else {
        // SYNC barrier: with `light_or_fence`.
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(all(not(loom), target_os = "linux"))]
pub(crate) use linux::{heavy, is_there, light};

#[cfg(any(loom, not(target_os = "linux")))]
mod elsewhere {
    use crate::sync::{Ordering, fence};

    /// Without the system's help both sides would cost a fence, and nobody is to use them; a model does.
    pub(crate) fn is_there() -> bool {
        cfg!(loom)
    }

    pub(crate) fn light() {
        // SYNC barrier: with `heavy`.
        fence(Ordering::SeqCst);
    }

    pub(crate) fn heavy() {
        // SYNC barrier: with `light`.
        fence(Ordering::SeqCst);
    }
}

#[cfg(any(loom, not(target_os = "linux")))]
pub(crate) use elsewhere::{heavy, is_there, light};
