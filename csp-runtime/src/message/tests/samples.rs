//! Message types as users write them, and the list of all types that the tests go through.

use std::fmt;
use std::marker::PhantomData;

use csp_macros::message;

use super::dice::{Dice, Thrown};
use crate::message::Message;

/// Plain, with padding between its fields.
#[message]
#[derive(Debug, PartialEq, Clone, Copy)]
pub(super) struct Pixel {
    pub(super) red: u8,
    pub(super) depth: f64,
    pub(super) place: (u16, [i32; 2]),
}

#[message]
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Row {
    number: u32,
    name: String,
    is_new: bool,
    bytes: Vec<u8>,
    more: Option<Box<Row>>,
}

#[message]
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Unit;

#[message]
#[derive(Debug, PartialEq)]
pub(super) struct Pair<T, const N: usize>(pub(super) [T; N], PhantomData<T>)
where
    T: fmt::Debug;

/// Holds itself in every way.
#[message]
#[derive(Debug, PartialEq)]
pub(super) enum Tree<T> {
    Leaf,
    One(T),
    Node { value: T, below: Box<(Tree<T>, Self)> },
    Many(Vec<Self>, std::collections::BTreeMap<u8, Tree<T>>),
}

#[message]
#[derive(Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Plainest {
    First = 7,
    Second = 9,
}

/// Has no value.
#[message]
#[derive(Debug, PartialEq)]
pub(super) enum Never {}

impl Thrown for Pixel {
    fn thrown(dice: &mut Dice) -> Self {
        Self { red: Thrown::thrown(dice), depth: Thrown::thrown(dice), place: Thrown::thrown(dice) }
    }
}

impl Thrown for Row {
    fn thrown(dice: &mut Dice) -> Self {
        Self {
            number: Thrown::thrown(dice),
            name: Thrown::thrown(dice),
            is_new: Thrown::thrown(dice),
            bytes: Thrown::thrown(dice),
            more: (dice.below(3) == 0).then(|| Thrown::thrown(dice)),
        }
    }
}

impl Thrown for Unit {
    fn thrown(_: &mut Dice) -> Self {
        Unit
    }
}

impl<T: Thrown + fmt::Debug, const N: usize> Thrown for Pair<T, N> {
    fn thrown(dice: &mut Dice) -> Self {
        Self(Thrown::thrown(dice), PhantomData)
    }
}

impl<T: Thrown> Thrown for Tree<T> {
    fn thrown(dice: &mut Dice) -> Self {
        match dice.below(7) {
            0 => Tree::Node { value: Thrown::thrown(dice), below: Thrown::thrown(dice) },
            1 => Tree::Many((0..dice.below(3)).map(|_| Thrown::thrown(dice)).collect(), Default::default()),
            2 => Tree::Many(Vec::new(), [(3, Thrown::thrown(dice))].into()),
            3 => Tree::Leaf,
            _ => Tree::One(T::thrown(dice)),
        }
    }
}

impl Thrown for Plainest {
    fn thrown(dice: &mut Dice) -> Self {
        if dice.below(2) == 0 { Plainest::First } else { Plainest::Second }
    }
}

/// What is done with each type.
pub(super) trait ForEach {
    fn see<T: Message + Thrown + fmt::Debug>(&mut self);
}

/// Goes through all types that are messages (in so far as they can be made by chance).
pub(super) fn each(see: &mut impl ForEach) {
    use std::borrow::Cow;
    use std::cmp::{Ordering, Reverse};
    use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
    use std::ffi::{CString, OsString};
    use std::hash::{BuildHasherDefault, DefaultHasher};
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
    use std::num::{NonZero, Saturating, Wrapping};
    use std::ops::{Bound, ControlFlow, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
    use std::path::PathBuf;
    use std::task::Poll;
    use std::time::{Duration, SystemTime};

    use crate::error::{Cause, CauseKind, ProcessError, Refusal, SendError, Stopped};

    macro_rules! see {
        ($($type:ty),* $(,)?) => { $(see.see::<$type>();)* };
    }
    see!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, (), bool, char, Ordering);
    see!(NonZero<u8>, NonZero<u16>, NonZero<u32>, NonZero<u64>, NonZero<u128>, NonZero<usize>);
    see!(NonZero<i8>, NonZero<i16>, NonZero<i32>, NonZero<i64>, NonZero<i128>, NonZero<isize>);
    see!(Wrapping<u32>, Saturating<i8>, Reverse<String>, PhantomData<String>, PhantomData<fn(&str)>);
    see!(String, Box<str>, Cow<'static, str>, CString, OsString, PathBuf, Duration, SystemTime);
    see!(Ipv4Addr, Ipv6Addr, IpAddr, SocketAddrV4, SocketAddrV6, SocketAddr);
    see!(Range<u8>, RangeFrom<String>, RangeTo<u16>, RangeToInclusive<char>, RangeInclusive<u64>, RangeFull);
    see!(Range<String>, Bound<u32>, ControlFlow<u8, String>, Poll<bool>);
    see!(Option<u8>, Option<Option<()>>, Result<String, u64>, Result<(), Stopped>);
    see!(Stopped, Cause, CauseKind, Refusal, ProcessError, SendError<Vec<u16>>);
    see!(Vec<u8>, Vec<u64>, Vec<(u8, u64)>, Vec<bool>, Vec<String>, Vec<()>, Vec<Box<()>>, Vec<Vec<Box<()>>>);
    see!(Vec<[bool; 0]>, Vec<Pixel>, Vec<Row>, Vec<Unit>, Vec<Box<Unit>>, Vec<(Unit, Box<()>)>, Vec<Tree<u8>>);
    see!(Box<u8>, Box<[u16; 300]>, Box<String>, Box<[u32]>, Box<[String]>);
    see!([u8; 0], [String; 0], [u16; 7], [String; 3], [[Option<u8>; 2]; 2], [Unit; 5]);
    see!(VecDeque<u32>, VecDeque<String>, LinkedList<u8>, LinkedList<()>, LinkedList<Box<()>>);
    see!(BTreeSet<u32>, BTreeSet<String>, HashSet<u8>, HashSet<()>, HashSet<String, BuildHasherDefault<DefaultHasher>>);
    see!(BTreeMap<u8, String>, BTreeMap<(), ()>, HashMap<u8, u64>, HashMap<String, Vec<Row>>, HashMap<Plainest, Unit>);
    see!(BinaryHeap<Reverse<u8>>, BinaryHeap<()>, BinaryHeap<String>);
    see!((u8,), (u8, u64), (u8, String), (u64, (u8, [u16; 3]), f64), (String, bool, Row));
    see!(Pixel, Row, Unit, Pair<u8, 3>, Pair<String, 2>, Tree<u16>, Tree<Row>, Plainest, Option<Pixel>);
}
