//! What a forked process took along is dropped there. Here its memory is given back, and nothing else happens.
//!
//! That goes for values of the library's types, of which it is known that no destructor of the user's is in them; others stay as they are.

use std::cell::Cell;
use std::mem::ManuallyDrop;

use super::visit::{Copied, Mutable, Visit, Visitor};
use crate::channel::Channel;
use crate::rendezvous::core::Side;

thread_local! {
    static RELEASING: Cell<bool> = const { Cell::new(false) };
}

/// Whether what is dropped on this thread is the copy of something that another process has had: an end, or mobile data, of which only
/// the memory is ours.
#[inline]
pub(crate) fn is_going_on() -> bool {
    RELEASING.get()
}

/// Forgets `taken`, which another process has had, and gives back the memory of what `show` tells of it.
pub(super) fn release<A>(taken: A, show: impl FnOnce(&A, &mut Visitor<'_>)) {
    let taken = ManuallyDrop::new(taken);
    let mut copies = Copies(Vec::new());
    show(&taken, &mut Visitor::new(&mut copies));
    let _until = Releasing::begin();
    for copy in copies.0 {
        // SAFETY: a part of `taken`, which nobody uses any more, and which is dropped here alone.
        unsafe { copy.drop() };
    }
}

struct Releasing;

impl Releasing {
    fn begin() -> Self {
        RELEASING.set(true);
        Self
    }
}

impl Drop for Releasing {
    fn drop(&mut self) {
        RELEASING.set(false);
    }
}

struct Copies(Vec<Copied>);

impl Visit for Copies {
    fn moved(&mut self, _channel: &std::sync::Arc<Channel>, _side: Side) {}
    fn lent(&mut self, _channel: &std::sync::Arc<Channel>, _side: Side) {}
    fn data(&mut self, _place: std::ptr::NonNull<u8>) {}
    fn mutable(&mut self, _target: Mutable) {}
    fn one_way(&mut self, _type_name: &'static str) {}
    fn copied(&mut self, value: Copied) {
        self.0.push(value);
    }
}
