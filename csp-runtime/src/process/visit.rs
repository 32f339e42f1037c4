//! What a branch takes along: told to a visitor before the branch starts.
//!
//! The processes backend asks because a child gets a copy of its starter's memory, so all that a branch owns is there by itself; but
//! the records of the ends that move to it must be moved too, and what it writes behind a `&mut` must be brought back. And whoever starts many
//! branches at once asks which of them talk to each other (`stretches.rs`).

#![cfg_attr(
    not(any(test, feature = "backend-processes")),
    allow(dead_code, reason = "all of it is asked for only before a fork")
)]

use std::ptr::NonNull;
use std::sync::Arc;

use crate::channel::Channel;
use crate::message::{Malformed, Message, decode_from, encode_into, encoded_len, is_plain};
use crate::rendezvous::core::Side;

/// Who is told.
pub(crate) trait Visit {
    /// An end that goes along: it will be dropped there, not here.
    fn moved(&mut self, channel: &Arc<Channel>, side: Side);
    /// An end that the branch may use, and which stays its owner's.
    fn lent(&mut self, channel: &Arc<Channel>, side: Side);
    /// Mobile data that goes along, by its place. What is only lent stays its owner's, and is not told.
    fn data(&mut self, place: NonNull<u8>);
    /// A `&mut`, whose final value is brought back. What was lent inside the value has been told before, and goes back with it.
    fn mutable(&mut self, target: Mutable);
    /// A `&mut` to something that is no message, so that what is written there would be lost.
    fn one_way(&mut self, type_name: &'static str);
    /// All of a value that goes along, and in which there is no destructor of the user's.
    fn copied(&mut self, _value: Copied) {}
}

/// A value of which another process gets a copy: where ours lies, and how its memory is given back.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "backend-processes"), allow(dead_code, reason = "only there processes get copies"))]
pub(crate) struct Copied {
    place: *const (),
    drop: unsafe fn(*const ()),
}

impl Copied {
    pub(super) fn new<X>(place: *const X) -> Self {
        Self { place: place.cast(), drop: drop_at::<X> }
    }

    /// # Safety
    /// The value is there, and is neither used nor dropped again.
    #[cfg_attr(not(feature = "backend-processes"), allow(dead_code, reason = "as above"))]
    pub(super) unsafe fn drop(self) {
        // SAFETY: of the type that the function is for; the rest by the caller.
        unsafe { (self.drop)(self.place) };
    }
}

/// # Safety
/// As for [`Copied::drop`], of an `X`.
unsafe fn drop_at<X>(place: *const ()) {
    // SAFETY: by the caller. It is moved out of its place, which may be seen through a `&`.
    drop(unsafe { place.cast::<X>().read() });
}

/// Whose the visited things are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// They go along.
    Owned,
    /// They are behind a `&`.
    Shared,
    /// They are behind a `&mut`.
    Exclusive,
}

/// Goes through what a branch takes along.
pub struct Visitor<'v> {
    visit: &'v mut dyn Visit,
    access: Access,
}

impl<'v> Visitor<'v> {
    pub(crate) fn new(visit: &'v mut dyn Visit) -> Self {
        Self { visit, access: Access::Owned }
    }

    /// The same visitor, behind one more reference; what is behind any `&` stays so.
    pub(super) fn behind(&mut self, access: Access) -> Visitor<'_> {
        let access = if self.access == Access::Shared { Access::Shared } else { access };
        Visitor { visit: self.visit, access }
    }

    /// Who is told, whatever the access.
    pub(super) fn visit(&mut self) -> &mut dyn Visit {
        self.visit
    }

    pub(crate) fn end(&mut self, channel: &Arc<Channel>, side: Side) {
        match self.access {
            Access::Owned => self.visit.moved(channel, side),
            Access::Shared | Access::Exclusive => self.visit.lent(channel, side),
        }
    }

    pub(crate) fn data(&mut self, place: NonNull<u8>) {
        if self.access == Access::Owned {
            self.visit.data(place);
        }
    }

    pub(super) fn mutable(&mut self, target: Mutable) {
        if self.access != Access::Shared {
            self.visit.mutable(target);
        }
    }

    pub(super) fn copied(&mut self, value: Copied) {
        if self.access == Access::Owned {
            self.visit.copied(value);
        }
    }

    pub(super) fn one_way(&mut self, type_name: &'static str) {
        if self.access != Access::Shared {
            self.visit.one_way(type_name);
        }
    }
}

impl std::fmt::Debug for Visitor<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Visitor").field("access", &self.access).finish_non_exhaustive()
    }
}

/// The target of one `&mut T`, or `&mut [T]`: where it lies, in the starter as in the child, and how its value comes back.
///
/// It is saved in pieces: plain values all at once, others one by one. Each piece needs a region of its own.
#[derive(Clone, Copy)]
pub(crate) struct Mutable {
    place: *mut u8,
    count: usize,
    stride: usize,
    plain: bool,
    encoded_len: unsafe fn(*const u8) -> usize,
    save: unsafe fn(*const u8, *mut u8, usize),
    load: unsafe fn(*mut u8, *const u8, usize) -> Result<(), Malformed>,
}

// SAFETY: it stands for a `&mut` to messages, which are `Send`; what it points to is only used by unsafe calls.
unsafe impl Send for Mutable {}

impl Mutable {
    /// The `count` messages at `place`.
    pub(super) fn new<T: Message>(place: *mut T, count: usize) -> Self {
        Self {
            place: place.cast(),
            count,
            stride: size_of::<T>(),
            plain: is_plain::<T>(),
            encoded_len: encoded_len_at::<T>,
            save: save_at::<T>,
            load: load_at::<T>,
        }
    }

    /// Whether its bytes are plain, as the codec means it.
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// In how many pieces it is saved.
    pub(crate) fn pieces(&self) -> usize {
        if self.plain { 1 } else { self.count }
    }

    /// Where a piece lies.
    fn piece(&self, index: usize) -> *mut u8 {
        assert!(index < self.pieces(), "there is no such piece");
        self.place.wrapping_add(index * self.stride)
    }

    /// How long a region piece `index` needs.
    ///
    /// # Safety
    /// The target is there, and nobody writes it meanwhile.
    pub(crate) unsafe fn encoded_len(&self, index: usize) -> usize {
        let piece = self.piece(index);
        if self.plain {
            return self.count * self.stride;
        }
        // SAFETY: a message of the type that the function is for, by the caller.
        unsafe { (self.encoded_len)(piece) }
    }

    /// Gives piece `index` away to the region of `len` bytes, in the child that is about to end.
    ///
    /// # Safety
    /// As for `encode_into`; and nobody uses, or drops, the piece any more.
    pub(crate) unsafe fn save(&self, index: usize, region: *mut u8, len: usize) {
        let piece = self.piece(index);
        if self.plain {
            // SAFETY: plain values are their bytes; the region is as long, by the caller.
            unsafe { std::ptr::copy_nonoverlapping(piece, region, self.count * self.stride) };
        } else {
            // SAFETY: as above, and passed on.
            unsafe { (self.save)(piece, region, len) };
        }
    }

    /// Replaces piece `index` by what a child has saved, in its starter.
    ///
    /// # Errors
    /// If the bytes are no such message; then the old value stays.
    ///
    /// # Safety
    /// As for `decode_from`; and the target is borrowed by nobody else.
    pub(crate) unsafe fn load(&self, index: usize, region: *const u8, len: usize) -> Result<(), Malformed> {
        let piece = self.piece(index);
        if !self.plain {
            // SAFETY: as above, and passed on.
            return unsafe { (self.load)(piece, region, len) };
        }
        if len != self.count * self.stride {
            return Err(Malformed::new("it has another length"));
        }
        // SAFETY: as many bytes are there; any bytes are plain values, which own nothing.
        unsafe { std::ptr::copy_nonoverlapping(region, piece, len) };
        Ok(())
    }
}

impl std::fmt::Debug for Mutable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Mutable({} × {} bytes at {:p})", self.count, self.stride, self.place)
    }
}

/// # Safety
/// A `T` is there.
unsafe fn encoded_len_at<T: Message>(place: *const u8) -> usize {
    // SAFETY: by the caller.
    encoded_len(unsafe { &*place.cast::<T>() })
}

/// # Safety
/// As for `encode_into::<T>`.
unsafe fn save_at<T: Message>(place: *const u8, region: *mut u8, len: usize) {
    // SAFETY: passed on.
    unsafe { encode_into(place.cast::<T>(), region, len) };
}

/// # Safety
/// As for `decode_from::<T>`; a `T` is there that may be replaced.
unsafe fn load_at<T: Message>(place: *mut u8, region: *const u8, len: usize) -> Result<(), Malformed> {
    // SAFETY: passed on.
    let value = unsafe { decode_from::<T>(region, len) }?;
    // SAFETY: by the caller.
    drop(unsafe { std::ptr::replace(place.cast::<T>(), value) });
    Ok(())
}
