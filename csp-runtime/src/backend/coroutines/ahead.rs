//! The memory that a woken coroutine will touch, asked for ahead.

/// Bytes in a cache line.
const LINE: isize = 64;

/// Hints of where that memory is. Any addresses will do.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    /// The entry with which it waits.
    pub(crate) entry: *const u8,
    /// Its message: most often in the frame of its body.
    pub(crate) message: *const u8,
    /// The entry with which the partner waited that it met last.
    pub(crate) partner: *const u8,
}

impl Ahead {
    /// Fetches the frame of its body; and what it will touch of its next partner, which is the last one more often than not: it may
    /// be that one's turn soon, and then nobody has to wait for one line after the other.
    #[inline(always)]
    pub(super) fn fetch(self) {
        fetch_frame(self.message);
        // An entry lies in two lines.
        [0, 1].into_iter().for_each(|line| fetch_line(self.partner, line));
        // Partners are often of one kind, so the frame lies as far from the entry.
        let distance = self.message.addr().wrapping_sub(self.entry.addr());
        fetch_frame(self.partner.wrapping_add(distance));
    }
}

/// What an operation uses on either side of its message.
#[inline(always)]
fn fetch_frame(message: *const u8) {
    [-1, 0, 1].into_iter().for_each(|line| fetch_line(message, line));
}

/// The line that is so many lines behind `address`. Nobody waits for it.
#[inline(always)]
fn fetch_line(address: *const u8, line: isize) {
    let address = address.wrapping_offset(line * LINE);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program sees, and never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn any_addresses_will_do() {
        let here = ptr::from_ref(&LINE).cast::<u8>();
        for partner in [ptr::null(), here, ptr::without_provenance(usize::MAX), ptr::without_provenance(1 << 63)] {
            Ahead { entry: here, message: partner, partner }.fetch();
            Ahead { entry: partner, message: here, partner }.fetch();
        }
    }
}
