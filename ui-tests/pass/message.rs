//! Every kind of type that may be a `#[message]`.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]
#![allow(non_camel_case_types, non_upper_case_globals)]

use std::collections::HashMap;

use csp::prelude::*;

/// Named fields, one of which the configuration leaves out.
#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Its row.
    pub row: u32,
    pixels: Vec<u8>,
    #[cfg(any())]
    raw: *const u8,
}

#[message]
struct Unit;

#[message]
struct Tuple(u32, Option<Tile>, [u8; 4], HashMap<String, Result<(), Stopped>>);

/// Holds itself, by name and as `Self`.
#[message]
#[derive(Debug, PartialEq)]
pub enum Tree<T = u32, const N: usize = 2>
where
    T: Clone,
{
    /// No more.
    Leaf,
    /// More.
    Node {
        /// Here.
        value: [T; N],
        /// Below.
        below: Box<(Tree<T, N>, Self)>,
    },
    /// Not on this machine.
    #[cfg(any())]
    Raw(*const T),
}

/// Ends are messages, also of a type that holds them.
#[message]
struct Request {
    reply: Sender<Tile>,
    #[allow(dead_code)]
    more: Sender<Request>,
}

#[cfg(any())]
#[message]
struct Absent {
    raw: *const u8,
}

#[message]
#[cfg(any())]
struct AbsentToo {
    raw: *const u8,
}

/// Names that the expansion might use too.
#[message]
#[derive(Default)]
struct Names<field_0: Clone, const out: usize> {
    input: field_0,
    out: u8,
    len: bool,
    field_1: u16,
    r#type: (),
}

#[allow(dead_code)]
impl<field_0: Clone, const out: usize> Names<field_0, out> {
    const PLAIN: u8 = 3;
    fn __encode(self) {}
}

/// Types that hide those of the standard library.
mod hidden {
    #![allow(dead_code, non_camel_case_types)]
    struct usize;
    struct bool;
    struct u32;
    enum Result {
        Ok,
        Err,
    }
    fn size_of() {}

    #[csp::message]
    #[repr(u8)]
    pub(crate) enum Hiding {
        Ok { none: Option<()> } = 7,
        Err(String) = 3,
    }
}

/// Has no value.
#[message]
enum Never {}

/// Some of it is out of fashion.
#[message]
struct Old {
    #[deprecated]
    raw: Vec<Never>,
}

#[message]
#[deprecated]
enum Older {
    #[deprecated]
    Raw,
}

/// A data type whose parameters are not fields.
#[message]
struct Phantom<K: ?Sized + Send + 'static>(std::marker::PhantomData<K>)
where
    K: Sized;

/// Mobile data is a message like another.
#[message]
struct Picture<T> {
    pixels: Mobile<[T]>,
    size: Mobile<(u32, u32)>,
}

fn needs<T: Message>(_: &T) {}

fn main() {
    #[message]
    struct Local(u8);
    needs(&Local(1));
    needs(&Unit);
    let tuple = Tuple(1, None, [0; 4], HashMap::new());
    needs(&tuple);
    let _ = (tuple.0, tuple.1, tuple.2, tuple.3, Local(2).0);
    needs(&Tree::<String, 1>::Leaf);

    needs(&Names::<String, 1>::default());
    let names = Names::<u8, 1>::default();
    let _ = (names.input, names.out, names.len, names.field_1, names.r#type);
    needs(&hidden::Hiding::Err(String::new()));
    needs(&hidden::Hiding::Ok { none: None });
    needs(&Phantom::<u8>(std::marker::PhantomData));
    #[allow(deprecated)]
    needs(&(Old { raw: Vec::new() }, Older::Raw));
    let picture = Picture { pixels: Mobile::filled(3, 1.0), size: Mobile::new((3, 1)) };
    needs(&picture);
    assert_eq!((picture.pixels.len(), *picture.size), (3, (3, 1)));

    let (requests_out, requests_in) = channel::<Request>();
    let (tiles_out, tiles_in) = channel::buffered(1);
    let tile = Tile { row: 3, pixels: vec![1] };
    let (_, got, _) = par! {
        { requests_in.recv()?.reply.send(tile.clone())?; }
        { tiles_in.recv() }
        {
            let more = requests_out.clone();
            requests_out.send(Request { reply: tiles_out, more })?;
        }
    };
    assert_eq!(got.map(|tile| tile.row), Ok(3));
    let tree: Tree = Tree::Node { value: [1, 2], below: Box::new((Tree::Leaf, Tree::Leaf)) };
    let (out, back) = channel::buffered(1);
    assert_eq!(out.send(tree), Ok(()));
    assert!(matches!(back.recv(), Ok(Tree::Node { value: [1, 2], .. })));
}
