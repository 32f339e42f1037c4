//! Channels that live in the arena, or move there when a forked process gets an end of them.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use super::inner::{Channel, Codec};
use crate::arena::Full;
use crate::backend::{Backend, default};
use crate::process::here::current;
use crate::process::outcome::message_of;
use crate::process::released::Later;
use crate::rendezvous::core::Side;
use crate::rendezvous::offer::Kind;
use crate::shared::census;
use crate::shared::channel::{ChannelLink, SharedChannel};
use crate::shared::moving::NotMoved;

/// Where in the arena a channel is, if it is there.
#[derive(Default)]
pub(super) struct Place {
    link: AtomicPtr<SharedChannel>,
    /// The process that knows that its ends of each side are counted as its own.
    known: [AtomicU32; 2],
}

impl Place {
    /// Of a new channel: in the arena if processes are what is asked for around here, and its messages can cross.
    ///
    /// # Panics
    /// If the arena is full.
    pub(super) fn of_new(capacity: usize, codec: Codec, made_at: &'static Location<'static>) -> Self {
        let place = Self::default();
        let forks = || current(|context| default::backend(context.chosen())) == Backend::Processes;
        if let Some(codec) = codec.filter(|_| forks()) {
            match ChannelLink::new(capacity, codec, None, made_at) {
                Ok(link) => place.link.store(link.as_ptr(), Ordering::Relaxed),
                Err(full) => panic!("{made_at}: no channel: {full}"),
            }
        }
        place
    }

    pub(super) fn of_link(link: ChannelLink) -> Self {
        let place = Self::default();
        place.link.store(link.as_ptr(), Ordering::Relaxed);
        place
    }
}

/// Why a channel cannot be handed to a forked process.
#[derive(Debug)]
pub(crate) enum Immovable {
    /// It was made by `channel::local`.
    Local,
    /// An offer waits on it.
    InUse,
    /// A message in it holds an end of it.
    HoldsItself,
    /// A message in it cannot move, and is lost.
    Message(String),
    /// There is no room for it, or for its messages.
    Full(Full),
}

impl fmt::Display for Immovable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Immovable::Local => out.write_str("it was made by `channel::local`, whose messages stay in one OS process"),
            Immovable::InUse => out.write_str("an operation waits on it, so it cannot move to shared memory now"),
            Immovable::HoldsItself => {
                out.write_str("it is moving to shared memory, and a message in it holds one of its own ends")
            }
            Immovable::Message(why) => write!(out, "a message in it cannot move: {why}"),
            Immovable::Full(full) => full.fmt(out),
        }
    }
}

thread_local! {
    /// The channels that this thread moves: each may hold messages with ends of the next one.
    static MOVING: RefCell<Vec<*const Channel>> = const { RefCell::new(Vec::new()) };
}

/// Whether a thread moves channels. Only one at a time does: it holds the lock of one while it takes that of the next, and two might wait for each other.
// FORK: in a child, what its parent's threads moved is nobody's: see `forget_the_parent`.
static SOMEBODY_MOVES: AtomicBool = AtomicBool::new(false);

/// A child has no thread yet that moves channels.
pub(crate) fn forget_the_parent() {
    SOMEBODY_MOVES.store(false, Ordering::Relaxed);
}

struct Moving;

impl Moving {
    /// None: it moves already.
    fn begin(channel: &Channel) -> Option<Self> {
        MOVING.with_borrow_mut(|moving| {
            if moving.is_empty() {
                wait_for_other_movers();
            }
            let is_new = !moving.contains(&ptr::from_ref(channel));
            is_new.then(|| moving.push(channel)).map(|()| Self)
        })
    }
}

fn wait_for_other_movers() {
    let mut attempt = 0;
    // SYNC movers: what the last one moved has moved.
    while SOMEBODY_MOVES.swap(true, Ordering::Acquire) {
        crate::sync::pause(attempt);
        attempt += 1;
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        let is_over = MOVING.with_borrow_mut(|moving| {
            moving.pop();
            moving.is_empty()
        });
        if is_over {
            SOMEBODY_MOVES.store(false, Ordering::Release); // SYNC movers: shows it to the next
        }
    }
}

impl Channel {
    /// The channel in the arena, if it is there.
    #[inline]
    pub(crate) fn link(&self) -> Option<ChannelLink> {
        // SYNC moved: a channel that has moved is whole.
        // SAFETY: only links are stored there.
        unsafe { ChannelLink::from_ptr(self.shared.link.load(Ordering::Acquire)) }
    }

    /// The link of a channel that is moving: it will be there in a moment.
    pub(crate) fn link_soon(&self) -> ChannelLink {
        let mut attempt = 0;
        loop {
            if let Some(link) = self.link() {
                return link;
            }
            crate::sync::pause(attempt);
            attempt += 1;
        }
    }

    /// [`link`](Self::link), for an operation of this kind: its end is counted as this process's from now on.
    #[inline]
    pub(crate) fn link_for(&self, kind: Kind) -> Option<ChannelLink> {
        let link = self.link()?;
        let (index, side) = if kind.is_sending() { (0, Side::Senders) } else { (1, Side::Receivers) };
        let me = census::me().number();
        if self.shared.known[index].load(Ordering::Relaxed) != me {
            link.adopt(side);
            self.shared.known[index].store(me, Ordering::Relaxed);
        }
        Some(link)
    }

    /// Moves the channel into the arena, if it is not there.
    pub(crate) fn move_to_arena(&self) -> Result<ChannelLink, Immovable> {
        if let Some(link) = self.link() {
            return Ok(link);
        }
        let codec = self.codec().ok_or(Immovable::Local)?;
        // Of a message that cannot move, the ends are dropped under this channel's lock, and may be its own.
        let _later = Later::begin();
        let _moving = Moving::begin(self).ok_or(Immovable::HoldsItself)?;
        let link =
            ChannelLink::new(self.core.capacity(), codec, self.name(), self.made_at()).map_err(Immovable::Full)?;
        let counts = self.counts();
        self.mark_as_odd();
        let store = || self.shared.link.store(link.as_ptr(), Ordering::Release); // SYNC moved: see `link`
        // SAFETY: the codec is that of the channel's messages.
        match unsafe { link.take_from(&self.core, counts, super::inner::ENDS_MOVED, store) } {
            Ok(true) => Ok(link),
            Ok(false) => {
                link.discard();
                self.link().ok_or(Immovable::InUse)
            }
            Err(why) => {
                link.discard();
                match why {
                    NotMoved::Full(full) => Err(Immovable::Full(full)),
                    NotMoved::Panicked(panic) => Err(Immovable::Message(message_of(&*panic))),
                }
            }
        }
    }
}
