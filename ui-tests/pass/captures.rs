//! Inline blocks that are hard to look into: what they use is looked up before they start, if this build has forked processes, and
//! that must not change what compiles.
#![forbid(unsafe_code)]
#![deny(warnings)]

use std::collections::HashMap;

use csp::prelude::*;

struct Pair {
    left: Sender<u32>,
    right: Receiver<u32>,
    count: u32,
    name: String,
}

fn pair() -> Pair {
    let (left, right) = channel::buffered(4);
    Pair { left, right, count: 0, name: String::from("pair") }
}

#[repr(C, packed)]
struct Packed {
    small: u8,
    large: u64,
    text: String,
}

fn square(n: u32) -> u32 {
    n * n
}

fn twice<T: std::ops::Add<Output = T> + Copy>(value: T) -> T {
    value + value
}

fn apply<A, R>(function: impl Fn(A) -> R, argument: A) -> R {
    function(argument)
}

macro_rules! define {
    ($name:ident = $value:expr) => {
        let $name = $value;
    };
}

macro_rules! in_block {
    ($end:ident, $value:expr) => {
        par! { { $end.try_send($value).is_ok() } }
    };
}

impl Pair {
    fn split(self) -> (bool, Option<u32>) {
        // Parts of a variable, one in each block, and inside a closure; by value.
        let run = move || par! { { self.left.try_send(1).is_ok() } { self.right.recv().ok() } };
        run()
    }

    fn count(&mut self) -> u32 {
        par! { { self.count += 1; self.name.push('!'); self.count } }
    }

    fn names(&self) -> (usize, usize) {
        par! { { self.name.len() } { self.name.len() } }
    }
}

fn main() {
    assert_eq!(pair().split(), (true, Some(1)));
    let mut counted = pair();
    assert_eq!((counted.count(), counted.count(), counted.names()), (1, 2, (6, 6)));

    // Parts of one variable in blocks inside blocks.
    let both = pair();
    let (_, got) = par! {
        { par! { { both.left.send(2)?; } { square(2) } }; }
        { par! { { both.right.recv() } } }
    };
    assert_eq!(got, Ok(2));

    // Only a part is captured: the rest stays usable.
    let both = pair();
    let (name, count) = par! {
        { let Pair { name, .. } = both; name }
        { both.count }
    };
    both.left.try_send(3).unwrap();
    assert_eq!((name.as_str(), count, both.right.recv()), ("pair", 0, Ok(3)));
    let numbers = (String::from("first"), String::from("second"));
    let first = par! { { let (first, _) = numbers; first } };
    assert_eq!((first, numbers.1), ("first".to_owned(), "second".to_owned()));
    let gone = String::from("gone");
    drop(gone);
    let base = pair();
    let other = par! { { let changed = Pair { name: String::new(), left: channel().0, right: channel().1, ..base }; changed.count } };
    assert_eq!((other, base.name.len()), (0, 4));

    // Functions, generic ones too, closures, constants, and names from inside.
    const LIMIT: u32 = 3;
    let add = |n| n + LIMIT;
    let results = par! {
        { [1, 2].map(square) }
        { [1, 2].map(twice) }
        { apply(twice, 2) + apply(square, LIMIT) }
        { vec![String::new()].into_iter().for_each(drop); }
        { apply(drop, 1); apply(add, 2_u32) }
        { fn inner(n: u32) -> u32 { n } use std::convert::identity as same; apply(same, apply(inner, 1)) }
        { use std::cmp::*; apply(|n| max(n, min(1, 2)), 0) }
        { define!(made = 5); made + 1 }
        { let made; #[cfg(any())] let missing = 1; #[cfg(any())] use_it(missing); made = 2; made }
    };
    assert_eq!(results, ([1, 4], [2, 4], 13, (), 5, 1, 1, 6, 2));

    // Types that are known only from the block itself, or a reference to what is not sized.
    let mut list = Vec::new();
    let mut map = HashMap::new();
    let nothing = None;
    let (bytes, text): (&[u8], &str) = (b"ab", "cd");
    let known = par! {
        { list.push("text".len()); list }
        { map.insert(1_u8, "borrowed"); map.len() }
        { nothing.unwrap_or(7_u64) }
        { bytes.len() + text.len() + bytes[..1].len() }
    };
    assert_eq!(known, (vec![4], 1, 7, 5));

    // A part of a packed struct; what a block assigns to; a variable used in many blocks.
    let packed = Packed { small: 1, large: 2, text: String::from("packed") };
    let many = 5;
    let shared = &packed;
    let mut later = 0;
    let seen = par! {
        { shared.small + many }
        { let large = shared.large; large + u64::from(many) }
        { later += 4; later + i32::from(many) }
    };
    later -= 1;
    assert_eq!((seen, later), ((6, 7, 9), -1));
    let taken = par! { { let text = packed.text; text.len() } };
    assert_eq!((taken, packed.small), (6, 1));

    // A name that is bound again, shadowed, or comes out of a macro.
    let (out, back) = channel::buffered(2);
    let first = out.clone();
    let rebound = par! { { let first = first.clone(); first.try_send(1).is_ok() } };
    assert!(rebound && back.recv() == Ok(1) && in_block!(out, 2) && back.recv() == Ok(2));
    drop(counted);

    // In a generic function; a `spawn!`; a loop.
    assert_eq!(generic(&[1_u8, 2]), 2);
    let mut rows = [[1, 2], [3, 4]];
    let all = par! { for row in rows.iter_mut() => { row[0] += 1; row[0] + row[1] } };
    assert_eq!(all, [4, 8]);
    let text = String::from("spawned");
    assert_eq!(spawn!({ text.len() }).join(), 7);
}

fn generic<T: Send + Sync>(items: &[T]) -> usize {
    let copy = items;
    par! { { copy.len() } }
}
