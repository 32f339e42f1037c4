//! How a channel moves from a process's memory to the arena.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::channel::{ChannelLink, index};
use super::home::Parcel;
use super::passing::Room;
use super::{census, desk};
use crate::arena::{Full, Purpose, arena};
use crate::rendezvous::core::{Core, Side};
use crate::rendezvous::home::Buffer;
use crate::rendezvous::local::Local;
use crate::sync::{Held, NoJournal};

/// What becomes of mobile data in a message that finds no room in the arena.
#[derive(Clone, Copy)]
enum Roomless {
    /// Its sender panics.
    Panics,
    /// It stays where it is, and so do its message and the channel, which was to move.
    Stays,
    /// Some has stayed.
    Stayed(Full),
}

thread_local! {
    static ROOMLESS: Cell<Roomless> = const { Cell::new(Roomless::Panics) };
}

/// Whether mobile data that finds no room may have a ticket of this process all the same: its channel does not move then.
pub(crate) fn leaves_behind(full: Full) -> bool {
    let may_stay = !matches!(ROOMLESS.get(), Roomless::Panics);
    if may_stay {
        ROOMLESS.set(Roomless::Stayed(full));
    }
    may_stay
}

/// Why a channel has not moved.
pub(crate) enum NotMoved {
    Full(Full),
    Panicked(Box<dyn Any + Send>),
}

impl ChannelLink {
    /// Takes over from a channel in this process's memory: its messages, its ends and how it has ended; then `store` shows where it is.
    /// False: somebody waits there, or it has moved already.
    ///
    /// # Errors
    /// If there is no room; or if a message panics because it holds an end that cannot move, and is lost. Otherwise that channel is as it was.
    ///
    /// # Safety
    /// Its messages are of this channel's codec.
    pub(crate) unsafe fn take_from(
        self,
        from: &Core<Local>,
        counts: [&AtomicUsize; 2],
        moved: usize,
        store: impl FnOnce(),
    ) -> Result<bool, NotMoved> {
        // What the steps below need while both locks are held.
        let mut room = desk::prepare().and_then(|()| Room::take()).map_err(NotMoved::Full)?;
        from.locked_step(|local| {
            if !from.is_idle(local) {
                return Ok(false);
            }
            // SAFETY: by the caller.
            let parcels = unsafe { self.pack_all(from, local) }?;
            // The ends before the messages: if we die half way, they are ours, and the channel goes with them.
            for side in [Side::Senders, Side::Receivers] {
                let count = counts[index(side)].swap(moved, Ordering::AcqRel) as i64; // SYNC ends: who comes later counts in the arena
                self.step(|lock, _| {
                    if count > 0 {
                        let Ok(own) = self.own_holding(&mut room, lock) else {
                            unreachable!("nobody else holds an end of it yet")
                        };
                        own.add(side, count, lock);
                        self.count(side, count, lock);
                    }
                });
            }
            for mut parcel in parcels {
                self.step(|lock, _| {
                    if let Some(ring) = self.core.buffer(lock) {
                        // SAFETY: there is a message in the parcel, and the ring has as many places as the buffer.
                        unsafe { ring.push(&raw mut parcel, lock) };
                    }
                });
            }
            from.move_to(&self.core, local);
            store();
            Ok(true)
        })
    }

    /// The messages of a channel in this process's memory, in parcels of ours. On an error they are still there, but for one that has panicked.
    ///
    /// # Safety
    /// They are of this channel's codec.
    unsafe fn pack_all(self, from: &Core<Local>, local: &Held<NoJournal>) -> Result<Vec<Parcel>, NotMoved> {
        let mut messages = Vec::new();
        while let Some(buffer) = from.buffer(local).filter(|buffer| buffer.len(local) > 0) {
            let message = self.codec.room();
            // SAFETY: there is a message, and room for it.
            unsafe { Buffer::<Local>::pop(buffer, message.place(), local) };
            messages.push(message);
        }
        let owner = census::me().owner();
        let mut parcels = Vec::with_capacity(messages.len());
        for message in &messages {
            let mut parcel = Parcel::empty(owner);
            // SAFETY: there is a message; the parcel is ours.
            let pack = || unsafe { self.codec.pack(message.place(), &raw mut parcel, Purpose::Certain) };
            let outer = ROOMLESS.replace(Roomless::Stays);
            // Nothing may unwind while the lock is held.
            let packed = catch_unwind(AssertUnwindSafe(pack));
            let roomless = ROOMLESS.replace(outer);
            let why = match (packed, roomless) {
                (Ok(Ok(())), Roomless::Stayed(full)) => {
                    parcels.push(parcel);
                    Some(NotMoved::Full(full))
                }
                (Ok(Ok(())), _) => {
                    parcels.push(parcel);
                    None
                }
                // SAFETY: it is still there.
                (Ok(Err(_)), _) => Some(NotMoved::Full(arena().full(unsafe { self.codec.length(message.place()) }))),
                (Err(panic), _) => Some(NotMoved::Panicked(panic)),
            };
            if let Some(mut why) = why {
                let mut lost: Vec<usize> =
                    matches!(why, NotMoved::Panicked(_)).then_some(parcels.len()).into_iter().collect();
                for (number, (message, parcel)) in messages.iter().zip(&parcels).enumerate() {
                    // SAFETY: it is in the parcel, and comes from this place.
                    let unpack = || unsafe { self.codec.unpack(parcel, message.place()) };
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(unpack)) {
                        lost.push(number);
                        why = NotMoved::Panicked(panic);
                    }
                }
                for (_, message) in messages.iter().enumerate().filter(|(number, _)| !lost.contains(number)) {
                    if let Some(buffer) = from.buffer(local) {
                        // SAFETY: it has its message again.
                        unsafe { buffer.push(message.place(), local) };
                    }
                }
                return Err(why);
            }
        }
        Ok(parcels)
    }
}
