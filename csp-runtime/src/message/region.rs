//! A message as bytes in a region of memory: the layout, and the way in and out.
//!
//! - A *plain* message is its `size_of` bytes as they lie in memory. If the region is aligned for it, it can be read where it lies.
//! - Any other is a header of 8 bytes and what its type writes. What moves along (an end of a channel, mobile data) is a *note* in
//!   there: a ticket, and a link, of 8 bytes each. The header says where the last note stands, counted in bytes from the region's
//!   start (0: there is none), and each link where the one before it stands, and of which kind its own ticket is. So whoever finds a
//!   message that nobody will receive finds what would be lost with it, without knowing its type.
//!
//! Whoever keeps a region must remember whether the message in it is plain.

use std::mem::MaybeUninit;

#[cfg(feature = "backend-processes")]
use super::sequence::COUNT;
use super::storage::Storage;
use super::{Decoder, Encoder, Malformed, Message};
use crate::channel;

/// The length of a note.
pub(super) const NOTE: usize = 16;

/// The length of the header.
const HEADER: usize = 8;

/// What a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketKind {
    /// A sending end.
    Sender = 1,
    /// A receiving end.
    Receiver = 2,
    /// Mobile data.
    Storage = 3,
}

impl TicketKind {
    /// The second word of a note: its own kind, and where the note before it stands.
    pub(super) fn link(self, before: usize) -> u64 {
        (before as u64) << 2 | self as u64
    }

    pub(super) fn of(link: u64) -> Option<Self> {
        match link & 3 {
            1 => Some(TicketKind::Sender),
            2 => Some(TicketKind::Receiver),
            3 => Some(TicketKind::Storage),
            _ => None,
        }
    }
}

/// How long a region the message needs.
#[inline]
pub fn encoded_len<T: Message>(message: &T) -> usize {
    if T::PLAIN { size_of::<T>() } else { HEADER.saturating_add(message.__encoded_len()) }
}

/// Moves the message behind `message` into the region of `len` bytes at `region`.
///
/// # Safety
/// There is a message, which is the caller's to give away, and is gone afterwards. `len` is what [`encoded_len`] says of it, and so many bytes may be
/// written at `region`, by us alone.
#[inline]
pub unsafe fn encode_into<T: Message>(message: *const T, region: *mut u8, len: usize) {
    if T::PLAIN {
        // SAFETY: a plain message owns nothing, so its bytes are all of it; the region is as long.
        unsafe { std::ptr::copy_nonoverlapping(message.cast::<u8>(), region, size_of::<T>()) };
        return;
    }
    // SAFETY: `len` is at least the header's.
    let body = unsafe { region.add(HEADER) };
    // SAFETY: the rest of the region.
    let mut out = unsafe { Encoder::new(body, len - HEADER, HEADER) };
    // SAFETY: the caller gives it away.
    let message = unsafe { message.read() };
    message.__encode(&mut out);
    debug_assert_eq!(out.left(), 0, "a message wrote fewer bytes than it had said");
    let header = out.last_note() as u64;
    // Nobody has to give up what it wrote.
    std::mem::forget(out);
    // SAFETY: the region begins with the header.
    unsafe { region.cast::<u64>().write_unaligned(header) };
}

/// The message back from the region of `len` bytes at `region`, which then holds none any more.
///
/// # Errors
/// If the bytes are no message of this type. What had moved along with it and was not reached is still there for [`tickets`].
///
/// # Safety
/// So many bytes may be read at `region`, and nobody writes them meanwhile.
#[inline]
pub unsafe fn decode_from<T: Message>(region: *const u8, len: usize) -> Result<T, Malformed> {
    if T::PLAIN {
        if len != size_of::<T>() {
            return Err(Malformed::new("it has another length"));
        }
        let mut message = MaybeUninit::<T>::uninit();
        // SAFETY: so many bytes are there, and fit.
        unsafe { std::ptr::copy_nonoverlapping(region, message.as_mut_ptr().cast::<u8>(), size_of::<T>()) };
        // SAFETY: every pattern of bytes is a plain message.
        return Ok(unsafe { message.assume_init() });
    }
    // SAFETY: passed on.
    let mut input = unsafe { Decoder::new(region, len) };
    input.skip(HEADER)?;
    let message = T::__decode(&mut input)?;
    if input.left() != 0 {
        return Err(Malformed::new("something follows it"));
    }
    Ok(message)
}

/// Puts a value at `place` that lies in the region of `len` bytes at `region`, to be looked at and never dropped. False: it has to be decoded.
///
/// # Safety
/// So many bytes may be read at `region`, and nobody writes them as long as the value is looked at. `place` has room for it.
#[cfg(feature = "backend-processes")]
pub(crate) unsafe fn view_in<T: Message>(region: *const u8, len: usize, place: *mut T) -> bool {
    // SAFETY: passed on.
    let mut input = unsafe { Decoder::new(region, len) };
    if !T::VIEWED || input.skip(HEADER).is_err() {
        return false;
    }
    // SAFETY: by the caller.
    let view = unsafe { T::__view(&mut input) };
    view.is_some_and(|view| {
        // SAFETY: by the caller; it is never dropped.
        unsafe { place.cast::<std::mem::ManuallyDrop<T>>().write(view) };
        true
    })
}

/// How long a region a message needs that is but a piece of so many bytes.
#[cfg(feature = "backend-processes")]
pub(crate) fn piece_len(bytes: usize) -> usize {
    HEADER.saturating_add(COUNT).saturating_add(bytes)
}

/// Writes what stands in front of a piece: nothing moves along with it, and it has so many elements. Where its bytes go.
///
/// # Safety
/// The region is as long as [`piece_len`] says, aligned for a word, and the caller's alone.
#[cfg(feature = "backend-processes")]
pub(crate) unsafe fn begin_piece(region: *mut u8, elements: usize) -> *mut u8 {
    // SAFETY: by the caller.
    unsafe { region.cast::<[u64; 2]>().write([0, elements as u64]) };
    // SAFETY: as above.
    unsafe { region.add(HEADER + COUNT) }
}

/// How many elements a piece has, and where its bytes are.
///
/// # Safety
/// The region begins with what [`begin_piece`] wrote.
#[cfg(feature = "backend-processes")]
pub(crate) unsafe fn piece_at(region: *const u8) -> (usize, *const u8) {
    // SAFETY: by the caller.
    let [_, elements] = unsafe { region.cast::<[u64; 2]>().read() };
    // SAFETY: as above.
    (elements as usize, unsafe { region.add(HEADER + COUNT) })
}

/// What moves along with the message, which is not plain, in a region: the last first.
///
/// # Safety
/// `len` bytes may be read at `region`, and nobody writes them, as long as the iterator is there.
pub unsafe fn tickets(region: *const u8, len: usize) -> Tickets {
    let mut tickets = Tickets { region, len, next: 0 };
    tickets.next = tickets.word(0).unwrap_or(0);
    tickets
}

/// Iterator over the tickets in a region. It ends where a link leads nowhere.
#[derive(Debug)]
pub struct Tickets {
    region: *const u8,
    len: usize,
    next: u64,
}

impl Tickets {
    fn word(&self, place: usize) -> Option<u64> {
        if place.checked_add(size_of::<u64>())? > self.len {
            return None;
        }
        // SAFETY: inside the region, as just checked.
        let word = unsafe { self.region.add(place) };
        // SAFETY: eight bytes of the region.
        Some(unsafe { word.cast::<u64>().read_unaligned() })
    }
}

impl Iterator for Tickets {
    type Item = (TicketKind, u64);

    fn next(&mut self) -> Option<Self::Item> {
        let place = usize::try_from(std::mem::take(&mut self.next)).ok().filter(|place| *place >= HEADER)?;
        let (ticket, link) = (self.word(place)?, self.word(place.checked_add(size_of::<u64>())?)?);
        let before = link >> 2;
        if before.saturating_add(NOTE as u64) <= place as u64 {
            self.next = before; // always nearer to the start, so that there is an end
        }
        Some((TicketKind::of(link)?, ticket))
    }
}

/// Gives up what is there of a message that a panic has cut short. It goes as if it had been dropped.
///
/// # Safety
/// The `len` bytes at `region` are what was written of it, but for the header. Nobody else uses them.
pub(super) unsafe fn lose(region: *mut u8, len: usize, last_note: usize) {
    // SAFETY: by the caller.
    unsafe { region.cast::<u64>().write_unaligned(last_note as u64) };
    // SAFETY: passed on.
    for (kind, ticket) in unsafe { tickets(region, len) } {
        match kind {
            TicketKind::Sender | TicketKind::Receiver => channel::lose_end(ticket),
            TicketKind::Storage => Storage::abandon(ticket),
        }
    }
}

/// Gives up the message, which is not plain, in a region: what moves along with it is dropped, without knowing its type. What the
/// receiver has taken over already is not there any more, and is left alone.
///
/// # Safety
/// `len` bytes may be read at `region`, and nobody writes them meanwhile.
pub unsafe fn abandon(region: *const u8, len: usize) {
    // SAFETY: passed on.
    for (kind, ticket) in unsafe { tickets(region, len) } {
        match kind {
            TicketKind::Sender | TicketKind::Receiver => channel::abandon_end(ticket),
            TicketKind::Storage => Storage::abandon(ticket),
        }
    }
}
