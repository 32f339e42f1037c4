//! The memory file behind the arena, and how large it may be.

use std::fs::{File, read_to_string};
use std::ptr::NonNull;

use memmap2::{MmapOptions, MmapRaw};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// At least so much, whatever is asked for.
const LEAST: usize = 4 << 20;

/// Shared memory, mapped for ever. It is touched, and so taken from the system, only where it is used.
pub(super) struct Map {
    memory: MmapRaw,
}

impl Map {
    /// # Panics
    /// If the system gives none.
    pub(super) fn new(bytes: usize) -> Self {
        Self::try_new(bytes).unwrap_or_else(|error| {
            panic!(
                "no shared memory of {bytes} bytes for messages between processes ({error}): ask for less by \
                 `CSP_MESSAGE_BUFFER` or `Config::message_buffer`"
            )
        })
    }

    fn try_new(bytes: usize) -> std::io::Result<Self> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = File::from(memfd_create("csp-arena", flags)?);
        file.set_len(bytes as u64)?;
        // Nobody can make it shorter under us.
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
        let memory = MmapOptions::new().len(bytes).map_raw(&file)?;
        Ok(Self { memory })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        NonNull::new(self.memory.as_mut_ptr()).expect("nothing is mapped at 0")
    }

    /// Gives the pages of a part back to the system; it reads as zeros then.
    pub(super) fn give_back(&self, offset: usize, bytes: usize) {
        // SAFETY: inside the mapping, of which nobody uses this part.
        let start = unsafe { self.base().add(offset) };
        // SAFETY: as above.
        unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_REMOVE) };
    }
}

/// So many bytes can be used if `wish` are asked for: no more than half of what the machine, or the group this runs in, has left.
pub(super) fn affordable(wish: usize) -> usize {
    let available = memory_available().into_iter().chain(left_in_group()).min().unwrap_or(usize::MAX);
    wish.min(available / 2).max(LEAST)
}

fn memory_available() -> Option<usize> {
    let text = read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().ok()?.checked_mul(1024)
}

fn left_in_group() -> Option<usize> {
    let number = |file: &str| read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse::<usize>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}
