//! Reading a message from bytes that somebody else has written.

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::Message;
use super::region::{NOTE, TicketKind};

/// The bytes are no message of the type that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(&'static str);

impl Malformed {
    /// What is wrong with the bytes.
    #[cold]
    pub fn new(what: &'static str) -> Self {
        Self(what)
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the bytes are no such message: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// Reads bytes one after the other from a region. It may be shared with other processes, so no reference to it is ever made; but
/// its bytes are ours for now: everything is copied once, and what has been copied is what is judged.
#[derive(Debug)]
pub struct Decoder<'a> {
    at: *const u8,
    left: usize,
    region: PhantomData<&'a [u8]>,
}

impl Decoder<'_> {
    /// # Safety
    /// The `left` bytes from `at` on may be read, and nobody writes them, as long as the decoder is there.
    pub(super) unsafe fn new(at: *const u8, left: usize) -> Self {
        Self { at, left, region: PhantomData }
    }

    /// How many bytes are left.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// The place of the next `count` bytes, which are passed over.
    #[inline]
    fn take(&mut self, count: usize) -> Result<*const u8, Malformed> {
        if count > self.left {
            return Err(Malformed::new("it ends too early"));
        }
        let taken = self.at;
        // SAFETY: at most one past the region's end.
        self.at = unsafe { self.at.add(count) };
        self.left -= count;
        Ok(taken)
    }

    /// A plain value.
    ///
    /// # Errors
    /// If not enough bytes are left.
    ///
    /// # Panics
    /// If the type is not plain.
    #[inline]
    pub fn plain<T: Message>(&mut self) -> Result<T, Malformed> {
        assert!(T::PLAIN, "only plain values are copied as they lie in memory");
        let from = self.take(size_of::<T>())?.cast::<T>();
        // SAFETY: that many bytes are there, and every pattern is a value.
        Ok(unsafe { from.read_unaligned() })
    }

    /// A plain value, to where there is room for it.
    #[inline]
    pub(super) fn plain_to<T: Message>(&mut self, place: &mut MaybeUninit<T>) -> Result<(), Malformed> {
        assert!(T::PLAIN, "only plain values are copied as they lie in memory");
        let from = self.take(size_of::<T>())?;
        // SAFETY: that many bytes are there, and as many fit into the place.
        unsafe { std::ptr::copy_nonoverlapping(from, place.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
        Ok(())
    }

    /// As many plain values as the bytes say. Their memory is allocated when they are known to be there, and written once.
    #[inline]
    pub(super) fn plains<T: Message>(&mut self) -> Result<Vec<T>, Malformed> {
        assert!(T::PLAIN, "only plain values are copied as they lie in memory");
        let count = self.number()?;
        let Some(bytes) = count.checked_mul(size_of::<T>()) else {
            return Err(Malformed::new("a length is out of all bounds"));
        };
        let from = self.take(bytes)?;
        let mut values = Vec::<T>::with_capacity(count);
        // SAFETY: `bytes` are there, and fit into what was just allocated for `count` values.
        unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr().cast::<u8>(), bytes) };
        // SAFETY: `count` values have been written: of plain ones, every pattern of bytes is one.
        unsafe { values.set_len(count) };
        Ok(values)
    }

    /// As many plain values as the bytes say, where they lie, if they lie there aligned.
    pub(super) fn plains_in_place<T: Message>(&mut self) -> Option<(*mut T, usize)> {
        assert!(T::PLAIN, "only plain values are looked at as they lie in memory");
        let count = self.number().ok()?;
        let first = self.take(count.checked_mul(size_of::<T>())?).ok()?.cast::<T>();
        (self.left == 0 && first.is_aligned()).then_some((first.cast_mut(), count))
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.plain::<u64>()?).map_err(|_| Malformed::new("a length is out of all bounds"))
    }

    /// A number of things of which each takes at least one byte.
    #[inline]
    pub(super) fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.number()?;
        if count > self.left {
            return Err(Malformed::new("a length is more than what is left"));
        }
        Ok(count)
    }

    /// Which variant of an enum follows.
    ///
    /// # Errors
    /// If not enough bytes are left.
    #[inline]
    pub fn tag(&mut self) -> Result<u32, Malformed> {
        self.plain()
    }

    /// Passes over bytes without a meaning.
    pub(super) fn skip(&mut self, count: usize) -> Result<(), Malformed> {
        self.take(count).map(drop)
    }

    /// The ticket for something that has moved along with the message.
    pub(super) fn ticket(&mut self, kind: TicketKind) -> Result<u64, Malformed> {
        let before = self.left;
        let ticket = self.plain()?;
        let link: u64 = self.plain()?;
        debug_assert_eq!(before - self.left, NOTE, "a ticket has a fixed length");
        if TicketKind::of(link) != Some(kind) {
            return Err(Malformed::new("a ticket is for something else"));
        }
        Ok(ticket)
    }
}
