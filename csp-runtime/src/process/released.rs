//! What a forked process took along is dropped there. Here its memory is given back, and nothing else happens.
//!
//! That goes for values of the library's types, of which it is known that no destructor of the user's is in them; others stay as they are.
//!
//! Ends that are dropped while this thread holds a channel's lock, as a message cannot move, leave their channels once it does not.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use super::visit::{Copied, Mutable, Visit, Visitor};
use crate::channel::Channel;
use crate::error::Cause;
use crate::process::here::current;
use crate::rendezvous::core::Side;

/// What it means here that an end is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drops {
    /// It leaves its channel.
    Leave,
    /// Nothing: it is a copy.
    Nothing,
    /// It leaves its channel later.
    LeaveLater,
}

/// An end that has yet to leave its channel, and why it poisons that, if it does.
struct Leaving(Arc<Channel>, Side, Option<Cause>);

thread_local! {
    static DROPS: Cell<Drops> = const { Cell::new(Drops::Leave) };
    static LEAVING: RefCell<Vec<Leaving>> = const { RefCell::new(Vec::new()) };
}

/// Whether what is dropped on this thread is the copy of something that another process has had: an end, or mobile data, of which only
/// the memory is ours.
#[inline]
pub(crate) fn is_going_on() -> bool {
    DROPS.get() == Drops::Nothing
}

/// Whether an end that is dropped here does not leave its channel, or not now.
#[inline]
pub(crate) fn keeps_from_leaving(channel: &Arc<Channel>, side: Side) -> bool {
    let drops = DROPS.get();
    if drops == Drops::LeaveLater {
        leave_later(channel, side);
    }
    drops != Drops::Leave
}

#[cold]
fn leave_later(channel: &Arc<Channel>, side: Side) {
    let cause = current(|context| context.poison_on_drop());
    LEAVING.with_borrow_mut(|leaving| leaving.push(Leaving(channel.clone(), side, cause)));
}

/// While this exists, no end that is dropped on this thread leaves its channel; when the first of them is gone, all do.
pub(crate) struct Later {
    is_first: bool,
}

impl Later {
    pub(crate) fn begin() -> Self {
        Self { is_first: DROPS.replace(Drops::LeaveLater) != Drops::LeaveLater }
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        if !self.is_first {
            return;
        }
        DROPS.set(Drops::Leave);
        for Leaving(channel, side, cause) in LEAVING.take() {
            if let Some(cause) = cause {
                channel.poison(side, cause);
            }
            channel.drop_end(side);
        }
    }
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
        DROPS.set(Drops::Nothing);
        Self
    }
}

impl Drop for Releasing {
    fn drop(&mut self) {
        DROPS.set(Drops::Leave);
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
