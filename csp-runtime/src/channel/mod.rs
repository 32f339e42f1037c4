//! Channels: how one is made, and its two ends. How a rendezvous works is told in `rendezvous/PROTOCOL.md`.

#[cfg(all(not(loom), feature = "backend-coroutines"))]
mod across;
mod end;
#[cfg(feature = "backend-processes")]
#[path = "handover_between.rs"]
mod handover;
#[cfg(not(feature = "backend-processes"))]
#[path = "handover_within.rs"]
mod handover;
mod inner;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
mod lease;
#[cfg(feature = "backend-processes")]
mod moved;
mod name;
mod oddity;
mod paired;
mod plain;
mod rare;
mod receiver;
mod release;
mod sender;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) mod short;

pub(crate) use end::End;
pub(crate) use handover::{
    abandon_end, hand_over_receiver, hand_over_sender, lose_end, take_over_receiver, take_over_sender,
};
pub(crate) use inner::Channel;
#[cfg(any(feature = "backend-processes", all(test, loom)))]
pub(crate) use inner::Patience;
use inner::{Codec, codec, no_codec};
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) use lease::Lease;
#[cfg(feature = "backend-processes")]
pub(crate) use moved::{Immovable, forget_the_parent};
pub use name::Named;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
pub(crate) use oddity::all_are_plain;
pub(crate) use paired::Paired;
pub(crate) use plain::{Plain, may_communicate};
pub use receiver::{IntoIter, Iter, Receiver};
pub use release::Release;
pub use sender::Sender;

use std::panic::Location;

use crate::message::Message;

/// An unbuffered channel: a send ends when a receiver has the value.
///
/// Any number of processes may send and receive ([`Clone`] the ends); each message reaches exactly one receiver, and
/// who waits longer is served first.
///
/// # Examples
/// ```
/// use csp_runtime::prelude::*;
///
/// let (numbers_out, numbers_in) = channel();
/// let (_, sum) = par! {
///     move(numbers_out) {
///         for n in 1..=10 {
///             numbers_out.send(n)?;
///         }
///     },
///     move(numbers_in) { numbers_in.iter().sum::<u32>() },
/// };
/// assert_eq!(sum, 55);
/// ```
#[must_use]
#[track_caller]
pub fn channel<T: Message>() -> (Sender<T>, Receiver<T>) {
    ends(0, codec::<T>(), Location::caller())
}

/// A channel that holds up to `capacity` messages that nobody has received yet; 0 makes a rendezvous.
#[must_use]
#[track_caller]
pub fn buffered<T: Message>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    ends(capacity, codec::<T>(), Location::caller())
}

/// An unbuffered channel for any `T: Send`, borrowed data included, whose ends stay in one OS process.
///
/// # Examples
/// ```
/// use csp_runtime::prelude::*;
///
/// let text = String::from("borrowed, not copied");
/// let words = text.split(' ');
/// let (words_out, words_in) = channel::local::<&str>();
/// let (_, lengths) = par! {
///     { words.for_each(|word| words_out.send(word).unwrap()) },
///     { words_in.iter().map(str::len).collect::<Vec<_>>() },
/// };
/// assert_eq!(lengths, [9, 3, 6]);
/// ```
#[must_use]
#[track_caller]
pub fn local<T: Send>() -> (Sender<T>, Receiver<T>) {
    ends(0, no_codec(), Location::caller())
}

/// Like [`local`], holding up to `capacity` messages that nobody has received yet.
#[must_use]
#[track_caller]
pub fn local_buffered<T: Send>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    ends(capacity, no_codec(), Location::caller())
}

fn ends<T: Send>(capacity: usize, codec: Codec, made_at: &'static Location<'static>) -> (Sender<T>, Receiver<T>) {
    let channel = Channel::new::<T>(capacity, codec, made_at);
    (Sender::first(channel.clone()), Receiver::first(channel))
}

/// Ends of a channel in the arena, which it has counted already, for a simulated process.
#[cfg(all(test, csp_steps))]
pub(crate) fn sender_in_arena<T>(link: crate::shared::channel::ChannelLink) -> Sender<T> {
    Sender::counted(Channel::of_link(link))
}

/// As [`sender_in_arena`].
#[cfg(all(test, csp_steps))]
pub(crate) fn receiver_in_arena<T>(link: crate::shared::channel::ChannelLink) -> Receiver<T> {
    Receiver::counted(Channel::of_link(link))
}

/// A rendezvous channel of a model test.
#[cfg(all(test, loom))]
pub(crate) fn ends_for_model<T: Send>() -> (Sender<T>, Receiver<T>) {
    ends(0, no_codec(), Location::caller())
}
