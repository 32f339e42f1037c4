//! Messages on their way through the arena: packed by the sender, unpacked by the receiver.

use std::any::TypeId;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};

use super::census;
use super::following::leave_to_filler;
use super::home::{ENVELOPE, Envelope, INLINE, Parcel, copy_plain, corrupt};
use crate::arena::{Block, Full, Kind, Owner, Purpose, arena};
use crate::message::{Malformed, Message, Piece, decode_from, encode_into, encoded_len, view_in};
use crate::sync::step;

/// A message type, forgotten: what it takes to move one through the arena.
pub(crate) struct Codec {
    of: fn() -> TypeId,
    size: usize,
    align: usize,
    plain: bool,
    len: unsafe fn(*const u8) -> usize,
    encode: unsafe fn(*const u8, *mut u8, usize),
    decode: unsafe fn(*const u8, usize, *mut u8) -> Result<(), Malformed>,
    viewed: bool,
    view: unsafe fn(*const u8, usize, *mut u8) -> bool,
    pub(super) piece: unsafe fn(*const u8) -> Option<Piece>,
    pub(super) of_piece: unsafe fn(usize, &mut Copier<'_>, *mut u8) -> bool,
    pub(super) forget: unsafe fn(*mut u8),
}

/// Writes so many bytes to a place. False: it could not.
type Copier<'a> = dyn FnMut(*mut u8, usize) -> bool + 'a;

/// The codec of a message type.
pub(crate) struct Of<T>(std::marker::PhantomData<T>);

impl<T: Message> Of<T> {
    pub(crate) const CODEC: &'static Codec = &Codec {
        of: TypeId::of::<T>,
        size: size_of::<T>(),
        align: align_of::<T>(),
        plain: T::PLAIN,
        len: len::<T>,
        encode: encode::<T>,
        decode: decode::<T>,
        viewed: T::VIEWED,
        view: view::<T>,
        piece: piece::<T>,
        of_piece: of_piece::<T>,
        forget: forget::<T>,
    };
}

/// # Safety
/// There is a `T` at `place`.
unsafe fn len<T: Message>(place: *const u8) -> usize {
    // SAFETY: by the caller.
    encoded_len(unsafe { &*place.cast::<T>() })
}

/// # Safety
/// As for [`encode_into`].
unsafe fn encode<T: Message>(place: *const u8, region: *mut u8, len: usize) {
    // SAFETY: by the caller.
    unsafe { encode_into(place.cast::<T>(), region, len) };
}

/// # Safety
/// As for [`decode_from`]; `place` has room for a `T`.
unsafe fn decode<T: Message>(region: *const u8, len: usize, place: *mut u8) -> Result<(), Malformed> {
    // SAFETY: by the caller.
    let message = unsafe { decode_from::<T>(region, len) }?;
    // SAFETY: by the caller.
    unsafe { place.cast::<T>().write(message) };
    Ok(())
}

/// # Safety
/// As for [`view_in`].
unsafe fn view<T: Message>(region: *const u8, len: usize, place: *mut u8) -> bool {
    // SAFETY: by the caller.
    unsafe { view_in::<T>(region, len, place.cast()) }
}

/// # Safety
/// There is a `T` at `place`.
unsafe fn piece<T: Message>(place: *const u8) -> Option<Piece> {
    // SAFETY: by the caller.
    unsafe { &*place.cast::<T>() }.__piece()
}

/// # Safety
/// `place` has room for a `T`, and `copy` writes as many bytes as it is told to.
unsafe fn of_piece<T: Message>(elements: usize, copy: &mut Copier<'_>, place: *mut u8) -> bool {
    // SAFETY: by the caller.
    T::__of_piece(elements, copy).map(|message| unsafe { place.cast::<T>().write(message) }).is_some()
}

/// # Safety
/// There is a `T` at `place`, which is the caller's.
unsafe fn forget<T: Message>(place: *mut u8) {
    // SAFETY: by the caller.
    unsafe { place.cast::<T>().drop_in_place() };
}

/// In front of a message in a block.
#[repr(C)]
pub(super) struct Head {
    pub(super) len: u64,
    pub(super) plain: u32,
    /// So many parts of it are still to be written; see `following.rs`.
    pub(super) missing: AtomicU32,
}

/// Why a message cannot be packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpacked {
    /// It is longer than any message may be.
    TooLarge(usize),
    /// There is no room now.
    Full,
}

impl Codec {
    /// How many bytes pass from parcel to parcel.
    pub(crate) fn transit(&self) -> usize {
        if self.is_light() { self.size } else { ENVELOPE }
    }

    /// Whether it is the codec of this type.
    pub(super) fn is_of(&self, of: TypeId) -> bool {
        (self.of)() == of
    }

    /// Room for a message, outside the arena.
    pub(super) fn room(&self) -> Room {
        Room { words: vec![0_u128; self.size.div_ceil(16) + self.align.div_ceil(16)], align: self.align }
    }

    /// Whether it lies in the parcel as it is.
    #[inline]
    pub(super) fn is_light(&self) -> bool {
        self.plain && self.size <= INLINE
    }

    /// How many bytes the message at `place` takes in a block.
    ///
    /// # Safety
    /// There is a message of this type, which is the caller's.
    pub(super) unsafe fn length(&self, place: *mut u8) -> usize {
        // SAFETY: by the caller.
        unsafe { (self.len)(place) }
    }

    /// Moves the message at `place` into the parcel; on an error it is still at `place`.
    ///
    /// # Safety
    /// There is a message of this type, which is the caller's, as the parcel is.
    #[inline]
    pub(crate) unsafe fn pack(&self, place: *mut u8, parcel: *mut Parcel, purpose: Purpose) -> Result<(), Unpacked> {
        if self.is_light() {
            // SAFETY: it fits.
            unsafe { copy_plain(place, parcel.cast(), self.size) };
            return Ok(());
        }
        // SAFETY: passed on.
        unsafe { self.pack_into_envelope(place, parcel, purpose) }
    }

    /// # Safety
    /// As for `pack`.
    unsafe fn pack_into_envelope(&self, place: *mut u8, parcel: *mut Parcel, purpose: Purpose) -> Result<(), Unpacked> {
        // SAFETY: by the caller.
        let len = unsafe { (self.len)(place) };
        let mut envelope = Envelope { len: len as u32, block: 0, inline: [0; INLINE - 8] };
        if len > arena().largest() {
            return Err(Unpacked::TooLarge(len));
        }
        if len <= envelope.inline.len() && !self.plain {
            // SAFETY: it fits.
            unsafe { (self.encode)(place, envelope.inline.as_mut_ptr(), len) };
            if holds_notes(&envelope.inline) {
                // What moves along with a message is only looked for in blocks.
                let inline = envelope.inline;
                let from = inline.as_ptr();
                // SAFETY: so many bytes are there.
                match self.to_block(len, purpose, |region| unsafe { region.copy_from_nonoverlapping(from, len) }) {
                    Ok(block) => envelope.block = block,
                    Err(why) => {
                        // SAFETY: it was encoded a moment ago, and `place` is empty.
                        let back = catch_unwind(AssertUnwindSafe(|| unsafe { (self.decode)(from, len, place) }));
                        let back = back.unwrap_or_else(|panic| {
                            // SAFETY: so many bytes are there, and ours.
                            unsafe { crate::message::abandon(from, len) };
                            resume_unwind(panic)
                        });
                        return back.map_or_else(|_| corrupt(), |()| Err(why));
                    }
                }
            }
        } else {
            // SAFETY: so many bytes are there.
            envelope.block = self.to_block(len, purpose, |region| unsafe { (self.encode)(place, region, len) })?;
        }
        // SAFETY: an envelope fits into a parcel.
        unsafe { parcel.cast::<Envelope>().write(envelope) };
        Ok(())
    }

    /// A block of ours with a message of `len` bytes, which `fill` writes.
    fn to_block(&self, len: usize, purpose: Purpose, fill: impl FnOnce(*mut u8)) -> Result<u32, Unpacked> {
        let block = arena().allocate(len + size_of::<Head>(), Kind::Blank, census::me().owner(), purpose);
        let block = block.map_err(|Full { .. }| Unpacked::Full)?;
        let head = arena().payload(block).cast::<Head>();
        // SAFETY: a new block, long enough.
        unsafe { head.write(Head { len: len as u64, plain: u32::from(self.plain), missing: AtomicU32::new(0) }) };
        let unless_filled = Unfilled(block);
        // SAFETY: so many bytes are behind the head.
        fill(unsafe { head.add(1) }.cast().as_ptr());
        std::mem::forget(unless_filled);
        arena().set_kind(block, Kind::Message);
        Ok(block.number())
    }

    /// Moves the message in the parcel to `place`.
    ///
    /// # Panics
    /// If the arena has no room for an end in it: the message is gone.
    ///
    /// # Safety
    /// There is one, which is the caller's; `place` has room for it.
    #[inline]
    pub(crate) unsafe fn unpack(&self, parcel: *const Parcel, place: *mut u8) {
        if self.is_light() {
            // SAFETY: every pattern of bytes is a plain message.
            unsafe { copy_plain(parcel.cast(), place, self.size) };
            return;
        }
        // SAFETY: as above.
        let envelope = unsafe { Parcel::envelope(parcel) };
        let decoded = match arena().check(envelope.block) {
            None if envelope.len as usize > envelope.inline.len() => corrupt(),
            // SAFETY: so many bytes are there.
            None => unsafe { (self.decode)(envelope.inline.as_ptr(), envelope.len as usize, place) },
            Some(block) => {
                let region = region(block, envelope.len as usize);
                let unless_decoded = Undecoded(block);
                // SAFETY: so many bytes are there, and ours.
                let decoded = unsafe { (self.decode)(region, envelope.len as usize, place) };
                std::mem::forget(unless_decoded);
                free(block);
                decoded
            }
        };
        if decoded.is_err() {
            corrupt();
        }
    }

    /// Where a plain message lies in the arena, to be looked at there.
    ///
    /// # Safety
    /// There is one in the parcel.
    pub(crate) unsafe fn in_place(&self, parcel: *const Parcel) -> Option<*mut u8> {
        if !self.plain || self.align > size_of::<Head>() {
            return None;
        }
        if self.is_light() {
            return (self.align <= align_of::<Parcel>()).then_some(parcel.cast_mut().cast());
        }
        // SAFETY: by the caller.
        let envelope = unsafe { Parcel::envelope(parcel) };
        arena().check(envelope.block).map(|block| region(block, envelope.len as usize))
    }

    /// Whether a message may be looked at where it lies, so that it is not unpacked before somebody wants to have it.
    pub(crate) fn may_stay(&self) -> bool {
        self.plain || self.viewed
    }

    /// Puts a value at `place` that lies in the arena, to be looked at and never dropped, as long as the message stays in the parcel. False: it has to
    /// be unpacked.
    ///
    /// # Safety
    /// There is a message in the parcel, which is the caller's, and `place` has room for one.
    pub(crate) unsafe fn view(&self, parcel: *const Parcel, place: *mut u8) -> bool {
        if self.plain {
            return false;
        }
        // SAFETY: by the caller.
        let envelope = unsafe { Parcel::envelope(parcel) };
        let len = envelope.len as usize;
        let region = match arena().check(envelope.block) {
            Some(block) => region(block, len).cast_const(),
            None if len > envelope.inline.len() => corrupt(),
            // SAFETY: as above.
            None => unsafe { Parcel::inline(parcel) },
        };
        // SAFETY: so many bytes are there, and ours.
        unsafe { (self.view)(region, len, place) }
    }

    /// Takes over what a parcel of another process holds: it is ours to unpack, and goes with us if we die.
    ///
    /// # Safety
    /// There is a message in it, which its owner has given to us.
    pub(crate) unsafe fn adopt(&self, parcel: *const Parcel) {
        if !self.is_light() {
            // SAFETY: by the caller.
            if let Some(block) = arena().check(unsafe { Parcel::envelope(parcel) }.block) {
                step();
                arena().owner(block).store(census::me().owner().number(), Ordering::Relaxed);
            }
        }
    }

    /// Frees the block of a message that was looked at in its place.
    ///
    /// # Safety
    /// There is one in the parcel, which is ours, and nothing moves along with it.
    pub(crate) unsafe fn discard(&self, parcel: *const Parcel) {
        if !self.is_light() {
            // SAFETY: by the caller.
            if let Some(block) = arena().check(unsafe { Parcel::envelope(parcel) }.block) {
                free(block);
            }
        }
    }
}

/// A block of ours whose message is being written: it goes if that panics.
struct Unfilled(Block);

impl Drop for Unfilled {
    fn drop(&mut self) {
        arena().free(self.0);
    }
}

/// A block of ours whose message is being read: what is left there goes if that panics.
struct Undecoded(Block);

impl Drop for Undecoded {
    fn drop(&mut self) {
        abandon(self.0.number());
    }
}

/// Frees the block of a message. What it held is not to be found in the next message there before that is written.
pub(super) fn free(block: Block) {
    let head = arena().payload(block).cast::<Head>();
    // SAFETY: blocks of this kind begin with a head; the block is the caller's.
    unsafe { (&raw mut (*head.as_ptr()).len).write(0) };
    arena().free(block);
}

/// Room for a message.
pub(super) struct Room {
    words: Vec<u128>,
    align: usize,
}

impl Room {
    pub(super) fn place(&self) -> *mut u8 {
        let start = self.words.as_ptr().cast_mut().cast::<u8>();
        // SAFETY: `Codec::room` has left so much more.
        unsafe { start.add(start.align_offset(self.align)) }
    }
}

/// Whether something moves along with the encoded message: its header says where the last note stands.
fn holds_notes(region: &[u8]) -> bool {
    region[..size_of::<u64>()].iter().any(|byte| *byte != 0)
}

/// Where the message in a block begins.
pub(super) fn region(block: Block, len: usize) -> *mut u8 {
    if len + size_of::<Head>() > arena().capacity(block) {
        corrupt();
    }
    // SAFETY: inside the block.
    unsafe { arena().payload(block).cast::<Head>().add(1) }.cast().as_ptr()
}

/// The message in a block, if it is one: its bytes, if there may be tickets in it.
pub(super) fn noted(block: Block) -> Option<(*const u8, usize)> {
    // SAFETY: blocks of this kind begin with a head, or what was there before, which is checked below.
    let head = unsafe { arena().payload(block).cast::<Head>().as_ref() };
    let len = usize::try_from(head.len).ok()?;
    let fits = len.checked_add(size_of::<Head>())? <= arena().capacity(block);
    (fits && head.plain == 0 && len >= 8).then(|| (region(block, len).cast_const(), len))
}

/// Frees the block of a message that nobody will receive, and gives up what moves along with it.
pub(super) fn abandon(block: u32) {
    let Some(block) = arena().check(block) else { return };
    if leave_to_filler(block) {
        return;
    }
    if let Some((region, len)) = noted(block) {
        // SAFETY: the block is ours, and its message whole.
        unsafe { crate::message::abandon(region, len) };
    }
    free(block);
}

/// A block of `owner`, who is the caller, that must be had. What others may look for by its kind is [`Kind::Blank`] until it is written.
///
/// # Panics
/// If the arena is full, naming the setting.
pub(crate) fn certain(bytes: usize, kind: Kind, owner: Owner) -> Block {
    match arena().allocate(bytes, kind, owner, Purpose::Certain) {
        Ok(block) => block,
        Err(full) => panic!("{full}"),
    }
}
