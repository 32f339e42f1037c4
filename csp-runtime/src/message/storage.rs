//! Where mobile data lies, and how it passes from one owner to the next without being copied.
//!
//! That is the heap; or the arena, if there are forked processes or it looks as if there will be. What is handed over there reaches any
//! process of the program.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::Malformed;
#[cfg(feature = "backend-processes")]
use crate::backend::processes::is_forked;
use crate::cloakroom::Cloakroom;
#[cfg(feature = "backend-processes")]
use crate::shared::{census, mobile, moving};

/// A piece of memory, freed when dropped. Nothing is known of what is in it.
pub(super) struct Storage {
    place: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a piece of memory has one owner, who may be on any thread.
unsafe impl Send for Storage {}

// FORK: no child asks: what is handed over to it lies in the arena.
static HANDED_OVER: Cloakroom<Storage> = Cloakroom::new();

/// The ticket for storage of no bytes, of which there is nothing to keep.
const NOTHING: u64 = 0;

impl Storage {
    /// New storage; all its bytes are 0 if it is to be `zeroed`.
    pub(super) fn allocate(layout: Layout, zeroed: bool) -> Self {
        if layout.size() == 0 {
            return Self::nothing(layout);
        }
        #[cfg(feature = "backend-processes")]
        if mobile::is_wanted() {
            let place = mobile::allocate(layout);
            if zeroed {
                // SAFETY: just allocated, and as long.
                unsafe { place.write_bytes(0, layout.size()) };
            }
            return Self { place, layout };
        }
        let place = if zeroed {
            // SAFETY: its size is not 0.
            unsafe { alloc_zeroed(layout) }
        } else {
            // SAFETY: its size is not 0.
            unsafe { alloc(layout) }
        };
        let Some(place) = NonNull::new(place) else { handle_alloc_error(layout) };
        Self { place, layout }
    }

    fn nothing(layout: Layout) -> Self {
        // Nobody reads or writes there; only the alignment counts.
        let place = NonNull::new(std::ptr::without_provenance_mut(layout.align()));
        Self { place: place.unwrap_or(NonNull::dangling()), layout }
    }

    /// The owner of what [`into_place`](Self::into_place) gave out.
    ///
    /// # Safety
    /// It came from there, with this layout, and has no other owner.
    pub(super) unsafe fn of_place(place: NonNull<u8>, layout: Layout) -> Self {
        Self { place, layout }
    }

    /// Where it is. From now on the caller owns it.
    pub(super) fn into_place(self) -> NonNull<u8> {
        ManuallyDrop::new(self).place
    }

    /// Where it is.
    pub(super) fn place(&self) -> NonNull<u8> {
        self.place
    }

    /// Gives it away for a ticket, by which one other owner gets it.
    pub(super) fn hand_over(self) -> u64 {
        if self.layout.size() == 0 {
            return NOTHING;
        }
        #[cfg(feature = "backend-processes")]
        if census::is_founded() {
            return self.hand_over_in_arena();
        }
        HANDED_OVER.hand_over(self)
    }

    /// In the arena a ticket costs nothing. What is not there yet, or is not ours, is copied once.
    #[cfg(feature = "backend-processes")]
    fn hand_over_in_arena(self) -> u64 {
        if let Some(ticket) = mobile::hand_over(self.place) {
            std::mem::forget(self);
            return ticket;
        }
        let copy = match mobile::try_allocate(self.layout) {
            Ok(copy) => copy,
            Err(full) if !is_forked() && moving::leaves_behind(full) => return HANDED_OVER.hand_over(self),
            Err(full) => panic!("{full}"),
        };
        // SAFETY: both are as long, and apart; the data is whole, and borrowed by nobody.
        unsafe { self.place.copy_to_nonoverlapping(copy, self.layout.size()) };
        mobile::hand_over(copy).expect("what was just allocated is ours")
    }

    /// The storage of this ticket, which must have this layout.
    pub(super) fn take_over(ticket: u64, layout: Layout) -> Result<Self, Malformed> {
        if ticket == NOTHING && layout.size() == 0 {
            return Ok(Self::nothing(layout));
        }
        #[cfg(feature = "backend-processes")]
        if mobile::is_ticket(ticket) {
            let place = mobile::take_over(ticket, layout).ok_or(Malformed::new("there is no such mobile data"))?;
            return Ok(Self { place, layout });
        }
        let storage = Self::handed_over(ticket, |storage| storage.layout == layout);
        storage.ok_or(Malformed::new("there is no such mobile data"))
    }

    /// What was handed over while there was no arena.
    fn handed_over(ticket: u64, is_expected: impl FnOnce(&Self) -> bool) -> Option<Self> {
        #[cfg(feature = "backend-processes")]
        if is_forked() {
            return None;
        }
        HANDED_OVER.take_over(ticket, is_expected)
    }

    /// Frees the storage of a ticket that nobody will come with.
    pub(super) fn abandon(ticket: u64) {
        #[cfg(feature = "backend-processes")]
        if mobile::is_ticket(ticket) {
            return mobile::abandon(ticket);
        }
        drop(Self::handed_over(ticket, |_| true));
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        #[cfg(feature = "backend-processes")]
        if self.layout.size() != 0 && mobile::is_here(self.place) {
            return mobile::free(self.place);
        }
        if self.layout.size() != 0 {
            // SAFETY: it was allocated with this layout, and we are its last owner.
            unsafe { dealloc(self.place.as_ptr(), self.layout) };
        }
    }
}
