//! Any number of messages one after the other: the common part of vectors, maps and sets.
//!
//! Their number, then one after the other. If all of them together take fewer bytes than there are of them, bytes without a meaning
//! follow. So each takes at least one byte, and a number can be compared with what is left before anything is done for it: foreign
//! bytes never make very many of what has no size either.

use super::{Decoder, Encoder, Malformed, Message};

/// Whether elements of this type are copied all at once.
#[inline]
pub(super) const fn at_once<T: Message>() -> bool {
    T::PLAIN && size_of::<T>() != 0
}

/// The length of a number.
pub(super) const COUNT: usize = size_of::<u64>();

/// The length of `count` elements that take `bytes`.
#[inline]
pub(super) fn len(count: usize, bytes: usize) -> usize {
    COUNT.saturating_add(bytes.max(count))
}

/// The length of elements that can be looked at.
#[inline]
pub(super) fn len_of<'a, T: Message>(elements: impl ExactSizeIterator<Item = &'a T>) -> usize {
    let count = elements.len();
    len(count, if T::PLAIN { count * size_of::<T>() } else { elements.map(T::__encoded_len).sum() })
}

/// The length of the entries of a map.
#[inline]
pub(super) fn len_of_entries<'a, K: Message, V: Message>(
    entries: impl ExactSizeIterator<Item = (&'a K, &'a V)>,
) -> usize {
    let count = entries.len();
    if K::PLAIN && V::PLAIN {
        return len(count, count * (size_of::<K>() + size_of::<V>()));
    }
    len(count, entries.map(|(key, value)| key.__encoded_len() + value.__encoded_len()).sum())
}

/// Writes the elements.
#[inline]
pub(super) fn encode<T>(
    elements: impl ExactSizeIterator<Item = T>,
    out: &mut Encoder<'_>,
    mut each: impl FnMut(T, &mut Encoder<'_>),
) {
    let count = elements.len();
    out.count(count);
    let before = out.left();
    for element in elements {
        each(element, out);
    }
    let written = before - out.left();
    out.pad(count.saturating_sub(written));
}

/// Reads elements into what `start` makes, which gets the number of elements for which it may allocate at once.
///
/// `T` is an element as it lies in the collection.
#[inline]
pub(super) fn decode<C, T>(
    input: &mut Decoder<'_>,
    start: impl FnOnce(usize) -> C,
    mut each: impl FnMut(&mut C, &mut Decoder<'_>) -> Result<(), Malformed>,
) -> Result<C, Malformed> {
    /// How many times the bytes that are left may be allocated before their meaning is known.
    const GENEROUS: usize = 4;

    let count = input.count()?;
    let before = input.left();
    let room = before.saturating_mul(GENEROUS) / size_of::<T>().max(1);
    let mut collection = start(count.min(room));
    for _ in 0..count {
        each(&mut collection, input)?;
    }
    let read = before - input.left();
    input.skip(count.saturating_sub(read))?;
    Ok(collection)
}
