//! How messages of any size are checked: a stamp in every 64 KiB and at the end, or every byte.
//!
//! Both sides of a measurement copy what is sent, and look at little else: so the timed messages carry stamps, which
//! differ from message to message and from place to place, and only the untimed ones are compared byte by byte.

use bytemuck::{Pod, cast_slice, cast_slice_mut};

const EVERY: usize = 64 << 10;
const WORD: usize = size_of::<u64>();

/// Messages of this size before the timed ones: enough for whatever has to warm up.
pub(crate) fn untimed(bytes: usize) -> u64 {
    ((64 << 20) / bytes as u64).clamp(3, crate::timing::WARM_UP)
}

/// Makes `message` the one with this number, of which `untimed` are to be checked byte by byte.
pub(crate) fn stamp<T: Pod>(message: &mut [T], number: u64, untimed: u64) {
    let bytes: &mut [u8] = cast_slice_mut(message);
    if number < untimed {
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = filling(number, index);
        }
    }
    for place in places(bytes.len()) {
        bytes[place..][..WORD].copy_from_slice(&mark(number, place).to_ne_bytes());
    }
}

/// Makes `data` the one with this number, at its two ends.
pub(crate) fn stamp_ends(data: &mut [u8], number: u64) {
    for place in [0, data.len() - WORD] {
        data[place..][..WORD].copy_from_slice(&mark(number, place).to_ne_bytes());
    }
}

/// Checks the two ends of `data`.
///
/// # Panics
/// If it is not the one with this number.
pub(crate) fn check_ends(data: &[u8], number: u64) {
    for place in [0, data.len() - WORD] {
        assert_eq!(data[place..][..WORD], mark(number, place).to_ne_bytes(), "data {number}, at byte {place}");
    }
}

/// Checks that `message` is the one with this number.
///
/// # Panics
/// If it is not.
pub(crate) fn check<T: Pod>(message: &[T], number: u64, untimed: u64) {
    let bytes: &[u8] = cast_slice(message);
    for place in places(bytes.len()) {
        assert_eq!(bytes[place..][..WORD], mark(number, place).to_ne_bytes(), "message {number}, at byte {place}");
    }
    if number < untimed {
        let marked = |index: usize| index % EVERY < WORD || index + WORD >= bytes.len();
        let wrong = bytes.iter().enumerate().position(|(at, byte)| *byte != filling(number, at) && !marked(at));
        assert_eq!(wrong, None, "message {number} differs from what was sent");
    }
}

fn places(length: usize) -> impl Iterator<Item = usize> {
    let last = length.checked_sub(WORD).expect("no message is shorter than a stamp");
    (0..last).step_by(EVERY).chain([last])
}

fn mark(number: u64, place: usize) -> u64 {
    (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ place as u64
}

fn filling(number: u64, index: usize) -> u8 {
    (index as u64 * 31 + (index >> 8) as u64 * 7 + number) as u8
}
