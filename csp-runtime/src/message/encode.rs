//! Writing a message into a region of memory of a known length.

use std::marker::PhantomData;

use super::Message;
use super::region::{self, NOTE, TicketKind};

/// Writes bytes one after the other into a region that may be shared with other processes: no reference to it is ever made.
#[derive(Debug)]
pub struct Encoder<'a> {
    at: *mut u8,
    left: usize,
    /// From the start of the region, its header included.
    place: usize,
    /// Where the latest ticket stands, or 0.
    last_note: usize,
    region: PhantomData<&'a mut [u8]>,
}

/// Only if the message panics: an end in it cannot move, say.
impl Drop for Encoder<'_> {
    fn drop(&mut self) {
        if self.last_note != 0 {
            // SAFETY: so far into the region.
            let start = unsafe { self.at.sub(self.place) };
            // SAFETY: all of it but the header was written, by us alone.
            unsafe { region::lose(start, self.place, self.last_note) };
        }
    }
}

impl Encoder<'_> {
    /// Writes at `at`, which is `place` bytes into its region.
    ///
    /// # Safety
    /// The `left` bytes from `at` on may be written, by us alone, as long as the encoder is there.
    pub(super) unsafe fn new(at: *mut u8, left: usize, place: usize) -> Self {
        Self { at, left, place, last_note: 0, region: PhantomData }
    }

    /// How many bytes have not been written yet.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Where the latest ticket stands in the region, or 0.
    pub(super) fn last_note(&self) -> usize {
        self.last_note
    }

    /// Copies `count` bytes from `from`.
    ///
    /// # Safety
    /// They may be read, and are no part of the region.
    #[inline]
    unsafe fn copy(&mut self, from: *const u8, count: usize) {
        assert!(count <= self.left, "a message wrote more bytes than it had said");
        // SAFETY: there is room, as just checked, and the region is no part of what is read.
        unsafe { std::ptr::copy_nonoverlapping(from, self.at, count) };
        // SAFETY: at most one past the region's end.
        self.at = unsafe { self.at.add(count) };
        self.left -= count;
        self.place += count;
    }

    /// A plain value, as it lies in memory.
    ///
    /// # Panics
    /// If the type is not plain, or if more is written than was said before.
    #[inline]
    pub fn plain<T: Message>(&mut self, value: T) {
        self.plain_at(&value);
        std::mem::forget(value); // without effect, since it owns nothing
    }

    /// The plain value behind the reference.
    #[inline]
    pub(super) fn plain_at<T: Message>(&mut self, value: &T) {
        assert!(T::PLAIN, "only plain values are copied as they lie in memory");
        // SAFETY: a value's bytes may be read; those of the padding have no meaning, and are only moved.
        unsafe { self.copy(std::ptr::from_ref(value).cast(), size_of::<T>()) };
    }

    /// Plain values that lie one after the other, without their number.
    #[inline]
    pub(super) fn plains<T: Message>(&mut self, values: &[T]) {
        assert!(T::PLAIN, "only plain values are copied as they lie in memory");
        // SAFETY: as for one value.
        unsafe { self.copy(values.as_ptr().cast(), size_of_val(values)) };
    }

    /// A number of things.
    #[inline]
    pub(super) fn count(&mut self, count: usize) {
        self.plain(count as u64);
    }

    /// Which variant of an enum follows.
    ///
    /// # Panics
    /// If more is written than was said before.
    #[inline]
    pub fn tag(&mut self, tag: u32) {
        self.plain(tag);
    }

    /// Bytes without a meaning.
    pub(super) fn pad(&mut self, count: usize) {
        const ZEROES: [u8; 64] = [0; 64];
        let mut left = count;
        while left > 0 {
            let some = left.min(ZEROES.len());
            self.plains(&ZEROES[..some]);
            left -= some;
        }
    }

    /// The ticket for something that moves along with the message. Tickets can be found without knowing the message's type.
    pub(super) fn ticket(&mut self, kind: TicketKind, ticket: u64) {
        let note = self.place;
        self.plain(ticket);
        self.plain(kind.link(self.last_note));
        debug_assert_eq!(self.place - note, NOTE, "a ticket has a fixed length");
        self.last_note = note;
    }
}
