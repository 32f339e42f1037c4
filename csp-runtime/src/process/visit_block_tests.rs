//! What is seen of an inline block before it starts.

use super::visit_tests::{Ends, Tree, ends, seen_in};
use crate::prelude::*;

/// Several ends, and other things; no message.
struct Hub {
    jobs: Sender<u32>,
    results: Receiver<u32>,
    all: Vec<Ends>,
    text: String,
    total: u32,
}

fn hub() -> Hub {
    let (jobs, _) = ends("jobs");
    let (_, results) = ends("results");
    Hub { jobs, results, all: vec![ends("all")], text: String::from("text"), total: 0 }
}

fn consume<T>(value: T) {
    drop(value);
}

#[test]
fn variables_that_move() {
    let seen = seen_in(|| {
        let (a, b) = ends("a");
        let (c, d) = ends("c");
        let (e, f) = ends("e");
        let tree = Tree::Leaf(ends("tree").0);
        let number = 5;
        par! {
            { let _ = (a.try_send(1), b.try_recv(), number); }
            move(c, d) {}
            { consume(e); consume((f, number)); consume(tree); }
        };
    });
    assert_eq!(
        seen,
        [
            vec!["moved sender a", "moved receiver a"],
            vec!["moved sender c", "moved receiver c"],
            vec!["moved sender e", "moved receiver e", "moved sender tree"],
        ]
    );
}

#[test]
fn variables_that_are_references() {
    let seen = seen_in(|| {
        let (a, b) = ends("a");
        let (a, b) = (&a, &[b]);
        let mut ends_of_mine = vec![ends("c")];
        let mine = &mut ends_of_mine;
        let (mut number, mut texts) = (1, vec![String::new()]);
        let (number, texts) = (&mut number, &mut texts[..]);
        par! {
            { let _ = (a.try_send(1), b[0].try_recv()); }
            { let _ = a.try_send(1); }
            { mine.pop(); }
            { *number += 1; texts[0].push('x'); }
        };
    });
    assert_eq!(
        seen,
        [
            vec!["lent sender a", "lent receiver a"],
            vec!["lent sender a"],
            vec!["lent sender c", "lent receiver c"],
            vec!["mutable 1", "mutable 1"],
        ]
    );
}

#[test]
fn parts_of_a_variable_that_move() {
    let seen = seen_in(|| {
        let hub = hub();
        let pair = (ends("pair"), 1);
        par! {
            { let _ = hub.jobs.try_send(1); }
            { let _ = (hub.results.try_recv(), hub.text.len()); consume(hub.all); }
            { let _ = pair.0.1.try_recv(); }
            { let _ = (pair.0.0.try_send(1), pair.1); }
        };
    });
    assert_eq!(
        seen,
        [
            vec!["moved sender jobs"],
            vec!["moved receiver results", "moved sender all", "moved receiver all"],
            vec!["moved receiver pair"],
            vec!["moved sender pair"],
        ]
    );
}

#[test]
fn parts_behind_a_reference() {
    let seen = seen_in(|| {
        let mut hub = hub();
        let shared = &hub;
        par! {
            { let _ = shared.jobs.try_send(1); }
            { let _ = (shared.results.try_recv(), shared.text.len()); }
        };
        let mutable = &mut hub;
        par! {
            { let _ = mutable.jobs.try_send(1); mutable.total += 1; mutable.text.push('x'); mutable.all.clear(); }
        };
    });
    assert_eq!(
        seen,
        [
            vec!["lent sender jobs"],
            vec!["lent receiver results"],
            vec!["lent sender jobs", "mutable 1", "mutable 1", "lent sender all", "lent receiver all"],
        ]
    );
}

impl Hub {
    fn count(&mut self) -> u32 {
        par! { { self.total += 1; let _ = self.jobs.try_send(self.total); self.total } }
    }

    fn look(&self) -> (usize, bool) {
        par! { { self.text.len() } { self.results.try_recv().is_ok() } }
    }

    fn end(self) {
        par! { { consume(self.jobs); } { let _ = self.results.try_recv(); } };
    }
}

#[test]
fn parts_of_self() {
    let seen = seen_in(|| {
        let mut hub = hub();
        assert_eq!(hub.count(), 1);
        assert_eq!(hub.look(), (4, false));
        hub.end();
    });
    let expected: [&[&str]; 5] = [
        &["mutable 1", "lent sender jobs"],
        &[],
        &["lent receiver results"],
        &["moved sender jobs"],
        &["moved receiver results"],
    ];
    assert_eq!(seen, expected);
}

#[test]
fn what_is_reached_through_something_that_dereferences_is_not_guessed() {
    let seen = seen_in(|| {
        let boxed = Box::new(hub());
        let shared = std::sync::Arc::new(hub());
        par! { { let _ = boxed.jobs.try_send(1); } { let _ = shared.jobs.try_send(1); } };
    });
    assert_eq!(seen, [[""; 0]; 2]);
}

#[test]
fn a_choice_and_blocks_inside_the_block() {
    let seen = seen_in(|| {
        let (a, b) = ends("a");
        let (c, d) = ends("c");
        let (e, f) = ends("e");
        drop((a, c, f));
        par! {
            {
                alt! {
                    b ? number => consume(number),
                    e ! 1 => {},
                    stopped _ => {}
                }
                par! { move(d) { consume(d); } };
            }
        };
    });
    let outer = seen.first().expect("one branch");
    assert_eq!(*outer, ["moved receiver a", "moved sender e", "moved receiver c"]);
}

#[test]
fn copies_of_a_block() {
    let seen = seen_in(|| {
        let (a, _a) = ends("a");
        par! { 2 * { let _ = a.try_send(1); } };
    });
    assert_eq!(seen, [["moved sender a"], ["moved sender a"]]);
}
