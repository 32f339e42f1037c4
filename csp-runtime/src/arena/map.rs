//! The mapping: one nameless file in memory, sealed against resizing, and how much of it the machine can bear.

use std::fs::{File, read_to_string};
use std::num::NonZeroUsize;
use std::path::Path;
use std::ptr::NonNull;

use memmap2::{MmapOptions, MmapRaw};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MmapAdvise, madvise};
use nix::unistd::ftruncate;

use super::blocks::{Entry, Granule, Header, Table};
use super::{Arena, UNIT};

/// Content may never be executed (Linux 6.3).
const NOEXEC_SEAL: MFdFlags = MFdFlags::from_bits_retain(8);

/// What blocks begin at a multiple of, so that granules are whole pages wherever there are pages of up to 64 KiB.
const ALIGNMENT: usize = 64 << 10;

/// The greatest arena: granules and units are counted in 32 bits.
const MOST_BYTES: usize = 128 << 30;

impl Arena {
    /// Makes an arena whose blocks have `bytes` together, in granules of `grain` bytes. It lasts as long as the program.
    ///
    /// # Errors
    /// If the machine has not so much memory, or the system refuses; the text names the setting.
    pub(crate) fn make(bytes: usize, grain: usize) -> Result<Self, String> {
        if !grain.is_power_of_two() || !(4 << 10..=1 << 20).contains(&grain) {
            return Err(format!("CSP_BLOCK_SIZE={grain}: write a power of two from 4 KiB to 1 MiB"));
        }
        let refused = |why: String| format!("CSP_MESSAGE_BUFFER={bytes}: {why}");
        let granules = bytes / grain;
        if granules < 16 {
            return Err(refused(format!("write at least {} bytes, 16 times CSP_BLOCK_SIZE", 16 * grain)));
        }
        let most = available().min(MOST_BYTES);
        if bytes > most {
            return Err(refused(format!("only {most} bytes are available here")));
        }
        let units = granules * (grain / UNIT);
        let entries_at = size_of::<Header>() + granules * size_of::<Granule>();
        let blocks_at = (entries_at + units * size_of::<Entry>()).next_multiple_of(ALIGNMENT);
        let map = map(blocks_at + units * UNIT).map_err(|error| refused(format!("no memory to share: {error}")))?;
        let base = NonNull::new(map.as_mut_ptr()).ok_or_else(|| refused("no memory to share".to_owned()))?;
        std::mem::forget(map); // blocks are referred to as long as the program runs

        // SAFETY: the mapping begins with a header, on a page, lasts for ever, and is zero; a header is nothing but atomics.
        let header = unsafe { base.cast::<Header>().as_ref() };
        // SAFETY: behind the header there is room for so many of them.
        let granules_at = unsafe { base.byte_add(size_of::<Header>()) }.cast::<Granule>();
        // SAFETY: as for the header; the header's size keeps them aligned.
        let granules = unsafe { NonNull::slice_from_raw_parts(granules_at, granules).as_ref() };
        // SAFETY: behind them there is room for so many entries.
        let entries_at = unsafe { base.byte_add(entries_at) }.cast::<Entry>();
        // SAFETY: as for the granules.
        let entries = unsafe { NonNull::slice_from_raw_parts(entries_at, units).as_ref() };
        let table = Table::new(header, granules, entries, (grain / UNIT).ilog2());
        Ok(Self { base, bytes: blocks_at + units * UNIT, first: (blocks_at / UNIT) as u32, table })
    }

    /// Gives the memory of units that nobody owns back to the system. They read as zeros afterwards.
    pub(super) fn discard(&self, unit: u32, units: u32) {
        let (offset, bytes) = (unit as usize * UNIT, units as usize * UNIT);
        assert!(offset + bytes <= self.bytes);
        // SAFETY: it lies in the mapping.
        let start = unsafe { self.base.byte_add(offset) };
        // A refusal keeps the memory with us, and no more.
        // SAFETY: whole granules, which the caller has claimed, so that nobody reads or writes there.
        let _ = unsafe { madvise(start.cast(), bytes, MmapAdvise::MADV_REMOVE) };
    }
}

/// A sealed file of so many bytes, mapped. Memory is taken when it is touched.
fn map(bytes: usize) -> std::io::Result<MmapRaw> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = memfd_create(c"csp", flags | NOEXEC_SEAL).or_else(|_| memfd_create(c"csp", flags))?;
    ftruncate(&file, i64::try_from(bytes).map_err(std::io::Error::other)?)?;
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    MmapOptions::new().len(bytes).map_raw(&File::from(file)) // the mapping outlives the descriptor
}

/// How much memory an arena may have when nobody says: 100 MB, or half of what is available.
pub(super) fn default_bytes() -> NonZeroUsize {
    NonZeroUsize::new(100_000_000.min(available() / 2)).unwrap_or(NonZeroUsize::MIN)
}

/// The memory that this process can still get: what the machine has available, and the limits of its control groups.
pub(super) fn available() -> usize {
    let text = |path: &Path| read_to_string(path).ok();
    let machine = text(Path::new("/proc/meminfo")).and_then(|info| {
        let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.saturating_mul(1 << 10))
    });
    let groups = text(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => return Vec::new(),
        };
        let below = Path::new(root).join(path.trim_start_matches('/'));
        let folders = below.ancestors().take_while(|folder| folder.starts_with(root));
        folders.filter_map(|folder| text(&folder.join(file))?.trim().parse::<usize>().ok()).collect()
    });
    limits.chain(machine).min().unwrap_or(usize::MAX)
}
