//! What is seen of a process before it starts, and how what it wrote is brought back.

use std::cell::RefCell;
use std::sync::Arc;

use super::branch::{Branch, Frame, Runnable, Slot};
use super::{Mutable, Visit, Visitor};
use crate::channel::Channel;
use crate::prelude::*;
use crate::rendezvous::core::Side;

thread_local! {
    /// What was seen of each branch that got a frame on this thread.
    static LOOKED_AT: RefCell<Vec<Vec<String>>> = const { RefCell::new(Vec::new()) };
}

/// Called for each branch as its frame is made.
pub(super) fn look(runnable: &impl Runnable) {
    let mut notes = Notes::default();
    runnable.visit(&mut Visitor::new(&mut notes));
    LOOKED_AT.with_borrow_mut(|all| all.push(notes.lines));
}

/// What is seen of each branch that the program starts from this thread.
pub(super) fn seen_in(program: impl FnOnce()) -> Vec<Vec<String>> {
    LOOKED_AT.take();
    program();
    LOOKED_AT.take()
}

/// Writes down what it is told.
#[derive(Default)]
struct Notes {
    lines: Vec<String>,
    targets: Vec<Mutable>,
}

impl Notes {
    fn end(&mut self, how: &str, channel: &Channel, side: Side) {
        let phrase = channel.phrase();
        let name = phrase.split('`').nth(1).unwrap_or("?");
        let side = if side == Side::Senders { "sender" } else { "receiver" };
        self.lines.push(format!("{how} {side} {name}"));
    }
}

impl Visit for Notes {
    fn moved(&mut self, channel: &Arc<Channel>, side: Side) {
        self.end("moved", channel, side);
    }

    fn lent(&mut self, channel: &Arc<Channel>, side: Side) {
        self.end("lent", channel, side);
    }

    fn data(&mut self, _place: std::ptr::NonNull<u8>) {
        self.lines.push("moved data".to_owned());
    }

    fn mutable(&mut self, target: Mutable) {
        self.lines.push(format!("mutable {}", target.pieces()));
        self.targets.push(target);
    }

    fn one_way(&mut self, type_name: &'static str) {
        self.lines.push(format!("one way {}", type_name.rsplit("::").next().unwrap_or(type_name)));
    }
}

/// What is seen of the branch, which is then dropped.
fn seen(branch: impl Branch) -> Vec<String> {
    let mut notes = Notes::default();
    branch.frame().each(&mut |slot: &mut dyn Slot, _| slot.visit(&mut Visitor::new(&mut notes)));
    notes.lines
}

pub(super) type Ends = (Sender<u32>, Receiver<u32>);

pub(super) fn ends(name: &'static str) -> Ends {
    channel().named(name)
}

#[process]
fn owns(_a: Sender<u32>, _b: Option<Receiver<u32>>, _c: Vec<Ends>, _d: u32) {}

#[process]
fn borrows(_a: &Sender<u32>, _b: &[Receiver<u32>], _c: &mut Vec<Sender<u32>>, _d: &Option<Box<Receiver<u32>>>) {}

#[process]
fn writes(_a: &mut u32, _b: &mut [String], _c: &mut [u8], _d: &mut dyn Send, _e: &u32) {}

#[process]
fn generic<T: Message, U: Send>(_a: Receiver<T>, _b: T, _c: &mut T, _d: U) {}

#[message]
pub(super) enum Tree {
    Leaf(Sender<u32>),
    Node(Vec<Tree>),
}

#[process]
fn messages(_a: Tree, _b: &Tree, _c: &mut Tree) {}

struct Server {
    total: u32,
}

impl Server {
    #[process(shares_memory)]
    fn serve(&mut self, _requests: &Receiver<u32>) {
        self.total += 1;
    }
}

#[test]
fn arguments_that_go_along() {
    let (a, _a) = ends("a");
    let (_b, b) = ends("b");
    assert_eq!(
        seen(owns(a, Some(b), vec![ends("c"), ends("d")], 1)),
        [
            "moved sender a",
            "moved receiver b",
            "moved sender c",
            "moved receiver c",
            "moved sender d",
            "moved receiver d"
        ]
    );
}

#[test]
fn arguments_that_are_lent() {
    let (a, _a) = ends("a");
    let (_b, b) = ends("b");
    let (c, _c) = ends("c");
    let (_d, d) = ends("d");
    assert_eq!(
        seen(borrows(&a, &[b], &mut vec![c], &Some(Box::new(d)))),
        ["lent sender a", "lent receiver b", "lent sender c", "lent receiver d"]
    );
}

#[test]
fn arguments_that_are_written() {
    let mut texts = [String::from("one"), String::from("two")];
    assert_eq!(
        seen(writes(&mut 1, &mut texts, &mut [1, 2, 3], &mut 4, &5)),
        ["mutable 1", "mutable 2", "mutable 1", "one way Send"]
    );
}

#[test]
fn arguments_of_a_type_that_is_a_parameter() {
    let (_a, a) = channel().named("a");
    let (b, _b) = ends("b");
    let (c, _c) = ends("c");
    let (d, _d) = ends("d");
    assert_eq!(
        seen(generic(a, Tree::Leaf(b), &mut Tree::Leaf(c), d)),
        ["moved receiver a", "moved sender b", "lent sender c", "mutable 1"]
    );
}

#[test]
fn ends_inside_messages() {
    let (a, _a) = ends("a");
    let (b, _b) = ends("b");
    let tree = Tree::Node(vec![Tree::Leaf(a), Tree::Node(vec![]), Tree::Leaf(b)]);
    let (c, _c) = ends("c");
    let (d, _d) = ends("d");
    assert_eq!(
        seen(messages(tree, &Tree::Leaf(c), &mut Tree::Leaf(d))),
        ["moved sender a", "moved sender b", "lent sender c", "lent sender d", "mutable 1"]
    );
}

#[test]
fn the_receiver_of_a_method() {
    let (_a, a) = ends("a");
    assert_eq!(seen(Server { total: 0 }.serve(&a)), ["one way Server", "lent receiver a"]);
}

#[test]
fn the_adaptors_and_copies_of_a_process() {
    let (a, _a) = ends("a");
    assert_eq!(seen(owns(a, None, vec![], 1).named("x").catch()), ["moved sender a"]);
    let (b, _b) = ends("b");
    assert_eq!(seen(crate::__private::replicate(2, owns(b, None, vec![], 1))), ["moved sender b", "moved sender b"]);
}

/// The targets of a process, which is then dropped.
fn targets(branch: impl Branch) -> Vec<Mutable> {
    let mut notes = Notes::default();
    branch.frame().each(&mut |slot: &mut dyn Slot, _| slot.visit(&mut Visitor::new(&mut notes)));
    notes.targets
}

#[process]
fn rewrites(_a: &mut [u16; 3], _b: &mut [String], _c: &mut Option<Box<u8>>) {}

/// What is saved in a child, where the memory is a copy, is loaded in its starter, where it lies at the same place.
#[test]
fn what_was_written_comes_back() {
    let mut numbers = [1_u16, 2, 3];
    let mut texts = vec![String::from("one"), String::from("two")];
    let mut nested = Some(Box::new(7_u8));
    let targets = targets(rewrites(&mut numbers, &mut texts, &mut nested));
    assert_eq!(targets.iter().map(Mutable::is_plain).collect::<Vec<_>>(), [true, false, false]);

    // The child's values, in memory of its own.
    let mut saved = Vec::new();
    for target in &targets {
        for index in 0..target.pieces() {
            // SAFETY: the targets are there.
            let mut region = vec![0_u8; unsafe { target.encoded_len(index) }];
            // SAFETY: the region is as long as was said. The piece is given away, and so overwritten below without being dropped.
            unsafe { target.save(index, region.as_mut_ptr(), region.len()) };
            saved.push(region);
        }
    }
    // SAFETY: what was in there is given away.
    unsafe { std::ptr::write(&raw mut nested, None) };
    for text in &mut texts {
        // SAFETY: as above.
        unsafe { std::ptr::write(text, String::from("old")) };
    }
    numbers = [0; 3];
    assert_eq!((numbers, &*texts, &nested), ([0; 3], &["old".to_owned(), "old".to_owned()][..], &None));

    let mut saved = saved.into_iter();
    for target in &targets {
        for index in 0..target.pieces() {
            let region = saved.next().expect("as many as were saved");
            // SAFETY: the region is ours, and so is the target.
            let wrong = unsafe { target.load(index, region.as_ptr(), region.len() - 1) };
            assert!(wrong.is_err(), "a region that ends too early is refused");
            // SAFETY: as above.
            let loaded = unsafe { target.load(index, region.as_ptr(), region.len()) };
            assert_eq!(loaded, Ok(()));
        }
    }
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(nested.as_deref(), Some(&7));
}
