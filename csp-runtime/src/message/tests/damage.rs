//! Damaged and invented bytes: a value or `Malformed`, never a panic, an invalid value, or memory without bound.

use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fmt;

use super::Region;
use super::dice::{Dice, Thrown};
use super::samples::{ForEach, Never, Plainest, Tree, each};
use crate::error::CauseKind;
use crate::message::{Message, sequence};

/// Whatever came out is a value: it can be looked at, and survives the way through bytes.
fn is_sound<T: Message + fmt::Debug>(value: T) {
    let told = format!("{value:?}");
    let back = Region::encode(value).decode::<T>();
    assert_eq!(back.map(|back| format!("{back:?}").len()), Ok(told.len()), "{told}");
}

#[test]
fn what_ends_too_early_is_malformed() {
    struct Cut;
    impl ForEach for Cut {
        fn see<T: Message + Thrown + fmt::Debug>(&mut self) {
            for seed in 0..20 {
                let region = Region::encode(T::thrown(&mut Dice(seed)));
                for len in 0..region.len() {
                    let cut = region.decode_first::<T>(len);
                    assert!(cut.is_err(), "{} of {} bytes are {cut:?}", len, region.len());
                }
                let more = region.decode_first::<T>(region.len() + 1);
                assert!(more.is_err(), "one byte too many is {more:?}");
            }
        }
    }
    each(&mut Cut);
}

#[test]
fn damaged_bytes_never_make_an_invalid_value() {
    struct Damage;
    impl ForEach for Damage {
        fn see<T: Message + Thrown + fmt::Debug>(&mut self) {
            for seed in 0..200 {
                let mut dice = Dice(seed);
                let mut region = Region::encode(T::thrown(&mut dice));
                if region.len() == 0 {
                    return;
                }
                for _ in 0..=dice.below(3) {
                    let byte = if dice.below(2) == 0 { dice.roll() as u8 } else { dice.below(4) as u8 };
                    region.damage(dice.below(region.len()), byte);
                }
                _ = region.decode::<T>().map(is_sound);
            }
        }
    }
    each(&mut Damage);
}

#[test]
fn invented_bytes_never_make_an_invalid_value() {
    struct Invent(usize);
    impl ForEach for Invent {
        fn see<T: Message + Thrown + fmt::Debug>(&mut self) {
            for seed in 0..400 {
                let mut dice = Dice(seed);
                let len = dice.below(80);
                let small = dice.below(2) == 0; // small numbers make sense more often
                let byte = |_| if small { dice.below(3) as u8 } else { dice.roll() as u8 };
                let region = Region::of_bytes(&(0..len).map(byte).collect::<Vec<_>>());
                self.0 += usize::from(region.decode::<T>().map(is_sound).is_ok());
            }
        }
    }
    let mut made = Invent(0);
    each(&mut made);
    assert!(made.0 > 100, "no invented bytes ever made sense");
}

/// A region with this length in front and these bytes behind it.
fn with_length(length: u64, behind: usize) -> Region {
    let mut bytes = vec![0; 8]; // the header
    bytes.extend(length.to_ne_bytes());
    bytes.resize(bytes.len() + behind, 1);
    Region::of_bytes(&bytes)
}

#[test]
fn a_length_beyond_what_is_left_allocates_nothing() {
    struct Lengths;
    impl Lengths {
        fn refuse<T: Message + fmt::Debug>(&self) {
            for length in [u64::MAX, u64::MAX / 8 + 1, 1 << 60, 1 << 40, 1001] {
                let decoded = with_length(length, 1000).decode::<T>();
                assert!(decoded.is_err(), "{length} elements in 1000 bytes are {decoded:?}");
            }
        }
    }
    let lengths = Lengths;
    lengths.refuse::<Vec<u8>>();
    lengths.refuse::<Vec<u64>>();
    lengths.refuse::<Vec<bool>>();
    lengths.refuse::<Vec<()>>();
    lengths.refuse::<Vec<Box<()>>>();
    lengths.refuse::<String>();
    lengths.refuse::<VecDeque<u8>>();
    lengths.refuse::<BinaryHeap<()>>();
    lengths.refuse::<LinkedList<()>>();
    lengths.refuse::<HashSet<u8>>();
    lengths.refuse::<HashMap<(), ()>>();
    lengths.refuse::<BTreeMap<u8, String>>();
    lengths.refuse::<Box<[Tree<u8>]>>();
}

#[test]
fn memory_for_elements_that_are_not_there_is_bounded() {
    type Large = [bool; 4096];
    let region = with_length(5000, 5000);
    let mut input = region.decoder();
    let room = sequence::decode::<_, Large>(&mut input, |room| room, |_, _| Ok(())).unwrap();
    assert!(room * size_of::<Large>() <= 4 * 5000, "room for {room}");
    let mut input = region.decoder();
    assert_eq!(sequence::decode::<_, u8>(&mut input, |room| room, |_, _| Ok(())), Ok(5000));
    assert_eq!(input.left(), 0);
}

#[test]
fn what_is_wrong_is_said() {
    let said = |result: Result<String, _>| result.map_err(|error: crate::message::Malformed| error.to_string());
    assert_eq!(
        said(Region::of_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xFF]).decode()),
        Err("the bytes are no such message: a text is not UTF-8".to_owned())
    );
    assert!(Region::of_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 2]).decode::<bool>().is_err());
    assert!(Region::of_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 0]).decode::<std::num::NonZero<u8>>().is_err());
    assert!(Region::of_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 8]).decode::<CauseKind>().is_err());
    assert!(Region::of_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0xD8, 0, 0]).decode::<char>().is_err());
    assert!(Region::of_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]).decode::<Plainest>().is_err());
    assert!(Region::of_bytes(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).decode::<Never>().is_err());
}
