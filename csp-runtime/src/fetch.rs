//! Cache lines asked for ahead: hints, of which a wrong one costs a little time. Nobody waits for them, and any addresses will do.

/// Bytes in a cache line.
const LINE: isize = 64;

/// Whether anything is asked for on this processor: elsewhere it does not pay to find out for what.
#[cfg_attr(not(feature = "backend-coroutines"), allow(dead_code, reason = "coroutines ask"))]
pub(crate) const IS_KNOWN_HERE: bool = cfg!(target_arch = "x86_64");

/// How many lines `second` is behind `first`.
#[inline(always)]
pub(crate) fn lines_between(first: *const u8, second: *const u8) -> isize {
    let line = |address: *const u8| (address.addr() / LINE as usize) as isize;
    line(second) - line(first)
}

/// The line that is so many lines behind `address`.
#[inline(always)]
pub(crate) fn line(address: *const u8, lines: isize) {
    let address = address.wrapping_offset(lines * LINE);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program sees, and never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// The same, if the line is in another processor's cache, and is to be written to here: one journey instead of two.
#[inline(always)]
pub(crate) fn line_to_write(address: *const u8, lines: isize) {
    let address = address.wrapping_offset(lines * LINE);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: as in `line`. (Processors that do not know it take it for a `nop`.)
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}

#[cfg(test)]
mod tests {
    use std::ptr;

    #[test]
    fn lines_are_counted_from_the_one_in_which_an_address_lies() {
        let at = ptr::without_provenance;
        let between =
            [(64, 64), (64, 127), (127, 128), (128, 127), (100, 1000)].map(|(a, b)| super::lines_between(at(a), at(b)));
        assert_eq!(between, [0, 0, 1, -1, 14]);
    }

    #[test]
    fn any_addresses_will_do() {
        let here = ptr::from_ref(&super::LINE).cast::<u8>();
        for address in [ptr::null(), here, ptr::without_provenance(usize::MAX), ptr::without_provenance(1 << 63)] {
            for lines in [-1, 0, 1] {
                super::line(address, lines);
                super::line_to_write(address, lines);
            }
        }
    }
}
