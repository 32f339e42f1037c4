//! Messages: what may be sent over a channel that any backend can serve, and how it crosses a process boundary.
//!
//! Within one OS process a message simply moves. To another one it goes as bytes in memory that both can see:
//! [`encode_into`](region::encode_into) gives up a value and leaves bytes, [`decode_from`](region::decode_from) makes the value
//! of them again. `region.rs` has the layout; the impls here say what each type of the standard library looks like in it, and
//! `#[message]` writes the same for the user's.
//!
//! The code is our own, and small, because a library of *archived* types (rkyv, in an earlier attempt) does not fit here:
//! - What it asks of a type is a bound on the archived type, which then stands at every generic function of the user;
//!   here it is `T: Message` in every build, and nothing else.
//! - Recursive types need attributes there; here `Box<Self>` is a field like another.
//! - An end of a channel cannot be copied into an archive and looked at: it must *move*, and be found if nobody receives it. So must mobile data.
//! - A receiver owns what it receives, so the archived form would be thrown away at once.
//!
//! Bytes from elsewhere are validated, in release builds too: whatever they are, decoding gives a value or [`Malformed`].

mod choices;
mod collections;
mod decode;
mod encode;
mod ends;
mod errors;
mod mobile;
mod net;
mod numbers;
mod ranges;
mod region;
mod sequence;
mod storage;
#[cfg(all(test, not(loom)))]
mod tests;
mod text;
mod time;
mod tuples;

use std::mem::ManuallyDrop;

use crate::process::Visitor;

pub use decode::{Decoder, Malformed};
pub use encode::Encoder;
pub use mobile::Mobile;
#[cfg(feature = "backend-processes")]
pub(crate) use region::view_in;
pub use region::{TicketKind, Tickets, abandon, decode_from, encode_into, encoded_len, tickets};
#[cfg(feature = "backend-processes")]
pub(crate) use region::{begin_piece, piece_at, piece_len};

/// A type whose values may cross a process boundary. Derived by [`#[message]`](macro@crate::message).
///
/// Numbers, text, tuples, arrays, `Option`, `Result`, `Box`, `Vec`, the usual maps and sets, paths, addresses, durations, the ends of
/// channels, and [`Mobile`] data are messages if what is in them is. The bound is the same in every build, so that a program that
/// compiles, compiles for every backend. [`channel::local`](crate::channel::local()) carries any `T: Send` instead, within one OS
/// process.
///
/// Not messages are what shares memory (`Rc`, `Arc`, locks, cells), what borrows, and what means something only to its own process
/// (`Instant`, files, pointers).
///
/// A message type has no destructor of its own (no `impl Drop`): on another process's side it is a new value, and the destructor
/// would run once for each. Its fields may well have one: a `Vec` frees its memory on both sides, an end leaves its channel once.
///
/// The trait is not for implementing by hand: what its hidden items promise is trusted, and they may change in any version.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no message: it cannot cross a process boundary",
    label = "not a message",
    note = "add `#[message]` to the definition of `{Self}`, or use `channel::local()`, whose messages stay in one OS process"
)]
pub trait Message: Send + Sized + 'static {
    /// Every pattern of bytes is a value, which owns nothing and has no destructor: it crosses by a plain copy of its
    /// `size_of` bytes, padding included.
    #[doc(hidden)]
    const PLAIN: bool = false;

    /// Exactly how many bytes `__encode` will write.
    #[doc(hidden)]
    fn __encoded_len(&self) -> usize;

    /// Moves the value into bytes. By value: what it owns is given up, ends of channels move, memory is freed.
    /// No code of the user's runs meanwhile.
    #[doc(hidden)]
    fn __encode(self, out: &mut Encoder<'_>);

    /// The value back. Everything is validated, so that foreign bytes never make an invalid value. What this allocates is
    /// bounded by a multiple of what is left of the bytes; how deep it recurses, by their number.
    #[doc(hidden)]
    fn __decode(input: &mut Decoder<'_>) -> Result<Self, Malformed>;

    /// Whether [`__view`](Self::__view) may make a value.
    #[doc(hidden)]
    const VIEWED: bool = false;

    /// A value that lies in the bytes themselves, to be looked at and never dropped; None if it has to be decoded.
    ///
    /// # Safety
    /// The bytes stay as they are as long as the value is looked at.
    #[doc(hidden)]
    unsafe fn __view(_input: &mut Decoder<'_>) -> Option<ManuallyDrop<Self>> {
        None
    }

    /// Where all that the value holds lies, if that is in one piece: it is written as the number of elements, and those bytes.
    /// [`__of_piece`](Self::__of_piece) makes the value of them.
    #[doc(hidden)]
    #[inline]
    fn __piece(&self) -> Option<Piece> {
        None
    }

    /// A value of so many elements, whose bytes `copy` writes to where it is told to. None: it could not, or the type has no such values.
    #[doc(hidden)]
    #[inline]
    fn __of_piece(_elements: usize, _copy: &mut dyn FnMut(*mut u8, usize) -> bool) -> Option<Self> {
        None
    }

    /// Tells all ends of channels in the value.
    #[doc(hidden)]
    #[inline]
    fn __each_end(&self, _visitor: &mut Visitor<'_>) {}
}

/// Plain elements that lie one after the other.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "backend-processes"), allow(dead_code, reason = "only other processes ask"))]
pub struct Piece {
    pub(crate) first: *const u8,
    pub(crate) bytes: usize,
    pub(crate) elements: usize,
}

/// Whether messages of this type are plain. (A bound is all that this asks of the type, unlike naming the constant.)
#[inline]
pub const fn is_plain<T: Message>() -> bool {
    T::PLAIN
}

/// No message type implements [`Drop`]: with one more implementation for each message type, the compiler reports the two as conflicting. So the name
/// is the explanation.
pub trait MessagesMustNotImplementDrop {}

#[allow(drop_bounds, reason = "it is exactly the types with a destructor of their own that are meant")]
impl<T: Drop> MessagesMustNotImplementDrop for T {}

/// The three functions of a message that is plain in any case.
macro_rules! plain {
    () => {
        const PLAIN: bool = true;

        #[inline]
        fn __encoded_len(&self) -> usize {
            size_of::<Self>()
        }

        #[inline]
        fn __encode(self, out: &mut $crate::message::Encoder<'_>) {
            out.plain(self);
        }

        #[inline]
        fn __decode(input: &mut $crate::message::Decoder<'_>) -> Result<Self, $crate::message::Malformed> {
            input.plain()
        }
    };
}
use plain;

/// The three functions of a type that crosses as another one: how long it will be, the way there, and the way back, which validates.
macro_rules! through {
    ($type:ty as $inner:ty, $len:expr, $take:expr, $make:expr) => {
        #[inline]
        fn __encoded_len(&self) -> usize {
            let len: fn(&$type) -> usize = $len;
            len(self)
        }

        #[inline]
        fn __encode(self, out: &mut $crate::message::Encoder<'_>) {
            let take: fn($type) -> $inner = $take;
            $crate::message::Message::__encode(take(self), out);
        }

        #[inline]
        fn __decode(input: &mut $crate::message::Decoder<'_>) -> Result<Self, $crate::message::Malformed> {
            let make: fn($inner) -> Result<$type, $crate::message::Malformed> = $make;
            make($crate::message::Message::__decode(input)?)
        }
    };
}
use through;
