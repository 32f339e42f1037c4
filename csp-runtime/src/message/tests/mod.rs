//! Every kind of message survives the way through bytes, and damaged bytes never make an invalid one.

mod damage;
mod dice;
mod moves;
mod round_trips;
mod samples;

use std::mem::{ManuallyDrop, MaybeUninit};

use super::{Decoder, Malformed, Message, TicketKind, abandon, decode_from, encode_into, encoded_len, tickets};

/// A region of memory with a message in it. Of plain messages some bytes may be padding, so nobody looks at them.
pub(super) struct Region {
    bytes: Vec<MaybeUninit<u8>>,
    len: usize,
}

/// What lies behind a region, and must be untouched.
const BEHIND: [u8; 16] = [0xA5; 16];

impl Region {
    pub(super) fn encode<T: Message>(message: T) -> Self {
        let message = ManuallyDrop::new(message);
        let len = encoded_len(&*message);
        let mut bytes = vec![MaybeUninit::new(0x5A); len];
        bytes.extend(BEHIND.map(MaybeUninit::new));
        // SAFETY: the message is never dropped, and there is room for it.
        unsafe { encode_into(&raw const *message, bytes.as_mut_ptr().cast(), len) };
        for (byte, expected) in bytes[len..].iter().zip(BEHIND) {
            // SAFETY: it was written above.
            assert_eq!(unsafe { byte.assume_init() }, expected, "a byte behind the region was written");
        }
        Self { bytes, len }
    }

    /// Bytes that nobody has encoded.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let bytes: Vec<_> = bytes.iter().copied().map(MaybeUninit::new).collect();
        Self { len: bytes.len(), bytes }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn decode<T: Message>(&self) -> Result<T, Malformed> {
        self.decode_first(self.len)
    }

    /// As if the region had another length; up to [`BEHIND`] more than it has.
    pub(super) fn decode_first<T: Message>(&self, len: usize) -> Result<T, Malformed> {
        let bytes = &self.bytes[..len];
        // SAFETY: they may be read, and are not written meanwhile.
        unsafe { decode_from(bytes.as_ptr().cast(), len) }
    }

    /// Behind the header.
    pub(super) fn decoder(&self) -> Decoder<'_> {
        // SAFETY: as for `decode_first`, as long as the region is borrowed.
        let mut input = unsafe { Decoder::new(self.bytes.as_ptr().cast(), self.len) };
        input.skip(8).expect("a header");
        input
    }

    pub(super) fn damage(&mut self, place: usize, byte: u8) {
        self.bytes[place].write(byte);
    }

    /// What moves along, in the order in which it was written.
    pub(super) fn tickets(&self) -> Vec<(TicketKind, u64)> {
        // SAFETY: as for `decode_first`, as long as the vector is collected.
        let mut found: Vec<_> = unsafe { tickets(self.bytes.as_ptr().cast(), self.len) }.collect();
        found.reverse();
        found
    }

    pub(super) fn abandon(&self) {
        // SAFETY: as for `decode_first`.
        unsafe { abandon(self.bytes.as_ptr().cast(), self.len) };
    }
}
