//! What may be sent over a channel that any backend can serve.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::num::Wrapping;
use std::time::Duration;

use crate::channel::{Receiver, Sender};
use crate::error::{Cause, CauseKind, ProcessError, Refusal, SendError, Stopped};

/// A type whose values may cross a process boundary. Derived by [`#[message]`](macro@crate::message).
///
/// Numbers, text, tuples, arrays, `Option`, `Result`, `Box`, `Vec`, the usual maps and sets, and the ends of channels
/// are messages if what is in them is. The bound is the same in every build, so that a program that compiles, compiles
/// for every backend. [`channel::local`](crate::channel::local()) carries any `T: Send` instead, within one OS process.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no message: it cannot cross a process boundary",
    label = "not a message",
    note = "add `#[message]` to the definition of `{Self}`, or use `channel::local()`, whose messages stay in one OS process"
)]
pub trait Message: Send + 'static {}

macro_rules! messages {
    ($($type:ty),* $(,)?) => { $(impl Message for $type {})* };
}

messages!(
    (),
    bool,
    char,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    f32,
    f64,
    String,
    Box<str>,
    Duration,
    std::num::NonZeroU8,
    std::num::NonZeroU16,
    std::num::NonZeroU32,
    std::num::NonZeroU64,
    std::num::NonZeroUsize,
    std::num::NonZeroI8,
    std::num::NonZeroI16,
    std::num::NonZeroI32,
    std::num::NonZeroI64,
    std::num::NonZeroIsize,
    std::net::IpAddr,
    std::net::Ipv4Addr,
    std::net::Ipv6Addr,
    std::net::SocketAddr,
    Stopped,
    Cause,
    CauseKind,
    Refusal,
    ProcessError,
    std::convert::Infallible,
);

impl<T: Message> Message for Option<T> {}
impl<T: Message, E: Message> Message for Result<T, E> {}
impl<T: Message> Message for Box<T> {}
impl<T: Message> Message for Box<[T]> {}
impl<T: Message> Message for Vec<T> {}
impl<T: Message> Message for VecDeque<T> {}
impl<T: Message> Message for BinaryHeap<T> {}
impl<T: Message> Message for Wrapping<T> {}
impl<T: Message> Message for std::ops::Range<T> {}
impl<T: Message> Message for std::ops::RangeInclusive<T> {}
impl<T: Message, const N: usize> Message for [T; N] {}
impl<K: Message, V: Message> Message for BTreeMap<K, V> {}
impl<T: Message> Message for BTreeSet<T> {}
impl<K: Message, V: Message, S: Send + 'static> Message for HashMap<K, V, S> {}
impl<T: Message, S: Send + 'static> Message for HashSet<T, S> {}
impl<T: Message> Message for Sender<T> {}
impl<T: Message> Message for Receiver<T> {}
impl<T: Message> Message for SendError<T> {}
impl<T: Message> Message for std::marker::PhantomData<T> {}

macro_rules! tuples {
    ($($name:ident)*) => {};
    ($first:ident $($rest:ident)*; ) => { impl<$first: Message, $($rest: Message),*> Message for ($first, $($rest,)*) {} tuples!($($rest)*;); };
    (;) => {};
}

tuples!(A B C D E F G H I J K L;);
