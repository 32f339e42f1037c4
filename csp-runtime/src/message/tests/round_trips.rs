//! What goes in comes out.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fmt;

use super::Region;
use super::dice::{Dice, Thrown};
use super::samples::{ForEach, Never, Pair, Pixel, Plainest, Row, Tree, Unit, each};
use crate::message::Message;

/// Two values of one type tell the same, if not in the same order: hash maps and heaps have none.
fn told(value: &impl fmt::Debug) -> Vec<char> {
    let mut letters: Vec<char> = format!("{value:?}").chars().collect();
    letters.sort_unstable();
    letters
}

#[test]
fn every_type_survives_the_way_through_bytes() {
    struct RoundTrip(usize);
    impl ForEach for RoundTrip {
        fn see<T: Message + Thrown + fmt::Debug>(&mut self) {
            let name = std::any::type_name::<T>();
            for seed in 0..200 {
                let [value, expected] = [(); 2].map(|()| T::thrown(&mut Dice(seed)));
                let region = Region::encode(value);
                match region.decode::<T>() {
                    Ok(back) => assert_eq!(told(&back), told(&expected), "{name}, seed {seed}"),
                    Err(error) => panic!("{name}, seed {seed}: {expected:?} came out as: {error}"),
                }
                self.0 += 1;
            }
        }
    }
    let mut trips = RoundTrip(0);
    each(&mut trips);
    assert!(trips.0 > 100 * 200, "only {} values were sent", trips.0);
}

#[test]
fn order_and_equality_survive() {
    let back = |row: Vec<Tree<u16>>| Region::encode(row).decode::<Vec<Tree<u16>>>().unwrap();
    let map = |seed| HashMap::<String, Row>::thrown(&mut Dice(seed));
    let set = |seed| HashSet::<String>::thrown(&mut Dice(seed));
    for seed in 0..200 {
        assert_eq!(back(Thrown::thrown(&mut Dice(seed))), Vec::<Tree<u16>>::thrown(&mut Dice(seed)));
        assert_eq!(Region::encode(map(seed)).decode::<HashMap<_, _>>().unwrap(), map(seed));
        assert_eq!(Region::encode(set(seed)).decode::<HashSet<_>>().unwrap(), set(seed));
        let heap = |seed| BinaryHeap::<u16>::thrown(&mut Dice(seed));
        assert_eq!(
            Region::encode(heap(seed)).decode::<BinaryHeap<u16>>().unwrap().into_sorted_vec(),
            heap(seed).into_sorted_vec()
        );
    }
}

#[test]
fn plain_is_what_owns_nothing_and_needs_no_look() {
    fn plain<T: Message>() -> bool {
        T::PLAIN
    }
    assert!(plain::<u8>() && plain::<f64>() && plain::<()>() && plain::<(u8, [u64; 3])>() && plain::<Pixel>());
    assert!(plain::<Unit>() && plain::<Pair<u8, 2>>() && plain::<[String; 0]>() && plain::<std::ops::Range<i32>>());
    assert!(!plain::<bool>() && !plain::<char>() && !plain::<Option<u8>>() && !plain::<std::num::NonZero<u8>>());
    assert!(!plain::<(u8, bool)>() && !plain::<Pair<String, 2>>() && !plain::<Row>() && !plain::<Vec<u8>>());
    assert!(!plain::<Plainest>() && !plain::<Never>() && !plain::<Box<u8>>() && !plain::<std::convert::Infallible>());
}

#[test]
fn lengths_are_small() {
    assert_eq!(Region::encode(7_u64).len(), 8);
    assert_eq!(Region::encode(Pixel { red: 1, depth: 2.0, place: (3, [4, 5]) }).len(), size_of::<Pixel>());
    assert_eq!(Region::encode("twenty characters ...".to_owned()).len(), 8 + 8 + 21);
    assert_eq!(Region::encode(vec![0_u64; 1000]).len(), 8 + 8 + 8000);
    assert_eq!(Region::encode(vec![(); 1000]).len(), 8 + 8 + 1000);
    assert_eq!(Region::encode(Some(7_u32)).len(), 8 + 1 + 4);
    assert_eq!(Region::encode(Plainest::First).len(), 8 + 4);
}

#[test]
fn plain_values_of_any_size_need_no_stack() {
    let zeroes = vec![7_u8; 64 << 20].into_boxed_slice();
    let large: Box<[u8; 64 << 20]> = zeroes.try_into().unwrap();
    let back: Box<[u8; 64 << 20]> = Region::encode(large).decode().unwrap();
    assert!(back.iter().all(|byte| *byte == 7));
}
