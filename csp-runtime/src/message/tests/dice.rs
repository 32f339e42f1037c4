//! Values of all kinds, made by chance from a seed.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Saturating, Wrapping};
use std::ops::{Bound, ControlFlow, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use std::path::PathBuf;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use crate::error::{Cause, CauseKind, ProcessError, Refusal, SendError, Stopped};

/// A generator of numbers (splitmix64).
pub(in crate::message) struct Dice(pub(in crate::message) u64);

impl Dice {
    pub(in crate::message) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`.
    pub(in crate::message) fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }

    fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    fn some<T: Thrown, C: FromIterator<T>>(&mut self) -> C {
        (0..self.below(6)).map(|_| T::thrown(self)).collect()
    }
}

/// What dice can make.
pub(in crate::message) trait Thrown {
    fn thrown(dice: &mut Dice) -> Self;
}

/// With generics in front: `[T: Thrown] Vec<T>: …`.
macro_rules! thrown_of {
    ($([$($generics:tt)*] $type:ty: $make:expr;)*) => {
        $(impl<$($generics)*> Thrown for $type {
            fn thrown(dice: &mut Dice) -> Self {
                let make: fn(&mut Dice) -> $type = $make;
                make(dice)
            }
        })*
    };
}

macro_rules! thrown {
    ($($type:ty: $make:expr;)*) => {
        thrown_of! { $([] $type: $make;)* }
    };
}

macro_rules! numbers {
    ($($type:ty)*) => {
        thrown! {
            $($type: |dice| match dice.below(4) {
                0 => <$type>::MAX,
                1 => <$type>::MIN,
                _ => dice.roll() as $type,
            };)*
            $(NonZero<$type>: |dice| NonZero::new(dice.roll() as $type).unwrap_or(NonZero::<$type>::MIN);)*
        }
    };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

thrown! {
    (): |_| ();
    bool: |dice| dice.below(2) == 1;
    char: |dice| dice.one_of(&['a', 'ß', '€', '\u{10FFFF}', '\0']);
    f32: |dice| dice.one_of(&[0.0, -0.5, f32::INFINITY, f32::MIN_POSITIVE]);
    f64: |dice| dice.one_of(&[0.0, -0.5, f64::NEG_INFINITY, f64::MAX]);
    Ordering: |dice| dice.one_of(&[Ordering::Less, Ordering::Equal, Ordering::Greater]);
    String: |dice| dice.some::<char, _>();
    Box<str>: |dice| String::thrown(dice).into();
    Cow<'static, str>: |dice| if dice.below(2) == 0 { "borrowed".into() } else { String::thrown(dice).into() };
    CString: |dice| CString::new(dice.some::<NonZero<u8>, Vec<_>>().into_iter().map(NonZero::get).collect::<Vec<_>>())
        .unwrap_or_default();
    OsString: |dice| String::thrown(dice).into();
    PathBuf: |dice| ["usr", "lib"].iter().collect::<PathBuf>().join(String::thrown(dice).replace('\0', ""));
    Duration: |dice| Duration::new(dice.roll(), dice.below(1_000_000_000) as u32);
    SystemTime: |dice| {
        let by = Duration::new(dice.roll() >> 32, dice.below(1_000_000_000) as u32);
        if dice.below(2) == 0 { SystemTime::UNIX_EPOCH + by } else { SystemTime::UNIX_EPOCH - by }
    };
    RangeFull: |_| ..;
    Ipv4Addr: |dice| u32::thrown(dice).into();
    Ipv6Addr: |dice| u128::thrown(dice).into();
    SocketAddrV4: |dice| SocketAddrV4::new(Thrown::thrown(dice), u16::thrown(dice));
    SocketAddrV6: |dice| SocketAddrV6::new(Thrown::thrown(dice), u16::thrown(dice), u32::thrown(dice), u32::thrown(dice));
    IpAddr: |dice| if dice.below(2) == 0 { Ipv4Addr::thrown(dice).into() } else { Ipv6Addr::thrown(dice).into() };
    SocketAddr: |dice| SocketAddr::new(Thrown::thrown(dice), u16::thrown(dice));
    CauseKind: |dice| dice.one_of(&[
        CauseKind::Explicit, CauseKind::Propagated, CauseKind::Panicked, CauseKind::Deadlock, CauseKind::Abandoned,
        CauseKind::Unwinding, CauseKind::NotStarted,
    ]);
    Cause: |dice| Cause::new(CauseKind::thrown(dice), &String::thrown(dice));
    Stopped: |dice| if dice.below(3) == 0 { Stopped::Retired } else { Stopped::Poisoned(Cause::thrown(dice)) };
    Refusal: |dice| match dice.below(3) {
        0 => Refusal::NotReady,
        1 => Refusal::TimedOut,
        _ => Refusal::Stopped(Stopped::thrown(dice)),
    };
    ProcessError: |dice| ProcessError::Panicked { process: String::thrown(dice), message: String::thrown(dice) };
}

thrown_of! {
    [T: Thrown] SendError<T>: |dice| SendError { value: T::thrown(dice), reason: Refusal::thrown(dice) };
    [T: ?Sized] PhantomData<T>: |_| PhantomData;
    [T: Thrown] Wrapping<T>: |dice| Wrapping(T::thrown(dice));
    [T: Thrown] Saturating<T>: |dice| Saturating(T::thrown(dice));
    [T: Thrown] Reverse<T>: |dice| Reverse(T::thrown(dice));
    [T: Thrown] Option<T>: |dice| (dice.below(3) > 0).then(|| T::thrown(dice));
    [T: Thrown, E: Thrown] Result<T, E>: |dice| {
        if dice.below(2) == 0 { Ok(T::thrown(dice)) } else { Err(E::thrown(dice)) }
    };
    [T: Thrown] Poll<T>: |dice| if dice.below(2) == 0 { Poll::Pending } else { Poll::Ready(T::thrown(dice)) };
    [T: Thrown] Bound<T>: |dice| match dice.below(3) {
        0 => Bound::Unbounded,
        1 => Bound::Included(T::thrown(dice)),
        _ => Bound::Excluded(T::thrown(dice)),
    };
    [B: Thrown, C: Thrown] ControlFlow<B, C>: |dice| {
        if dice.below(2) == 0 { ControlFlow::Break(B::thrown(dice)) } else { ControlFlow::Continue(C::thrown(dice)) }
    };
    [T: Thrown] Range<T>: |dice| T::thrown(dice)..T::thrown(dice);
    [T: Thrown] RangeFrom<T>: |dice| T::thrown(dice)..;
    [T: Thrown] RangeTo<T>: |dice| ..T::thrown(dice);
    [T: Thrown] RangeToInclusive<T>: |dice| ..=T::thrown(dice);
    [T: Thrown] RangeInclusive<T>: |dice| T::thrown(dice)..=T::thrown(dice);
    [T: Thrown] Box<T>: |dice| Box::new(T::thrown(dice));
    [T: Thrown] Box<[T]>: |dice| dice.some();
    [T: Thrown] Vec<T>: |dice| dice.some();
    [T: Thrown] VecDeque<T>: |dice| {
        let mut deque: VecDeque<T> = dice.some();
        for _ in 0..dice.below(4) {
            deque.push_front(T::thrown(dice)); // so that it consists of two pieces
        }
        deque
    };
    [T: Thrown] LinkedList<T>: |dice| dice.some();
    [T: Thrown + Ord] BTreeSet<T>: |dice| dice.some();
    [T: Thrown + Ord] BinaryHeap<T>: |dice| dice.some();
    [T: Thrown + Hash + Eq, S: BuildHasher + Default] HashSet<T, S>: |dice| dice.some();
    [K: Thrown + Ord, V: Thrown] BTreeMap<K, V>: |dice| dice.some();
    [K: Thrown + Hash + Eq, V: Thrown, S: BuildHasher + Default] HashMap<K, V, S>: |dice| dice.some();
    [T: Thrown, const N: usize] [T; N]: |dice| std::array::from_fn(|_| T::thrown(dice));
    [A: Thrown] (A,): |dice| (A::thrown(dice),);
    [A: Thrown, B: Thrown] (A, B): |dice| (A::thrown(dice), B::thrown(dice));
    [A: Thrown, B: Thrown, C: Thrown] (A, B, C): |dice| (A::thrown(dice), B::thrown(dice), C::thrown(dice));
}
