//! What is seen of a process and of an inline block before it starts.

use std::sync::Arc;

use super::branch::{Branch, Frame, Slot};
use super::{Mutable, Visit, Visitor};
use crate::channel::Channel;
use crate::prelude::*;
use crate::rendezvous::core::Side;

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
    branch.frame().each(&mut |slot: &mut dyn Slot| slot.visit(&mut Visitor::new(&mut notes)));
    notes.lines
}

type Ends = (Sender<u32>, Receiver<u32>);

fn ends(name: &'static str) -> Ends {
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
enum Tree {
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
