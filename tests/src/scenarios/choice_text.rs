//! The text of a choice: preconditions, expressions, patterns, bodies and separators.

use std::cell::Cell;
use std::time::Duration;

use csp::prelude::*;

use super::support::{filled, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    a_switched_off_guard_evaluates_nothing(main_only),
    preconditions_are_evaluated_for_each_guard(main_only),
    an_output_expression_is_evaluated_once_when_chosen(main_only),
    bodies_break_continue_return_and_give_values,
    a_choice_sees_a_value_for_every_kind_of_guard,
    patterns_and_operands_of_all_shapes(main_only),
    replicated_guards_bind_their_index,
    replicas_that_are_switched_off_leave_the_others_their_index,
    the_choice_operator_separates_branches(main_only),
];

#[process]
fn takes_from_those_that_are_on(inputs: Vec<Receiver<usize>>) -> Result<Vec<usize>, Stopped> {
    here();
    let mut on = vec![true; inputs.len()];
    let mut order = Vec::new();
    // Each is switched off once it has been chosen, so that the gaps come anywhere.
    while on.contains(&true) {
        let (index, value) = alt! {
            for (index, input) in inputs.iter().enumerate() { (on[index]) & input ? value => (index, value) }
        };
        assert_eq!(value, index);
        assert!(std::mem::take(&mut on[index]), "{index} was off");
        order.push(index);
    }
    Ok(order)
}

fn replicas_that_are_switched_off_leave_the_others_their_index() {
    for count in [1, 7, 8, 9, 24] {
        let (outs, inputs): (Vec<_>, Vec<_>) = (0..count).map(|_| channel()).unzip();
        // The odd ones come first.
        let (even, odd): (Vec<_>, Vec<_>) = outs.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
        let (_, _, order) = par! {
            for (index, out) in odd => source(vec![index], out),
            for (index, out) in even => source(vec![index], out),
            takes_from_those_that_are_on(inputs),
        };
        let mut order = order.unwrap();
        order.sort_unstable();
        assert!(order.into_iter().eq(0..count));
    }
}

/// S11.
fn preconditions_are_evaluated_for_each_guard() {
    let calls = Cell::new(0);
    let call = |wanted: u32| {
        calls.set(calls.get() + 1);
        calls.get() == wanted
    };
    let (_out, input) = filled([1, 2]);
    let chosen = pri_alt! {
        (call(7)) & input ? _ => "first",
        (call(2)) & input ? _ => "second",
        (call(3)) & input ? _ => "third",
        stopped why => panic!("{why}"),
    };
    assert_eq!((chosen, calls.get()), ("second", 3));
}

fn a_switched_off_guard_evaluates_nothing() {
    let (out, input) = filled([1]);
    let none: Option<Receiver<u32>> = None;
    let (no_out, no_wait): (Option<Sender<u32>>, Option<Duration>) = (None, None);
    let got = alt! {
        (none.is_some()) & none.as_ref().unwrap() ? value => value,
        (no_out.is_some()) & no_out.as_ref().unwrap() ! 7 => 0,
        (no_wait.is_some()) & after no_wait.unwrap() => 0,
        input ? value => value,
        stopped why => panic!("{why}"),
    };
    assert_eq!(got, 1);
    drop(out);
}

fn an_output_expression_is_evaluated_once_when_chosen() {
    let mut evaluated = Vec::new();
    let (unread, _held) = channel::<u32>();
    let (out, input) = channel::buffered::<u32>(4);
    for round in 0..4 {
        alt! {
            unread ! { evaluated.push(100); 0 } => panic!("nobody reads"),
            out ! { evaluated.push(round); round } => {},
            stopped why => panic!("{why}"),
        }
    }
    assert_eq!(evaluated, [0, 1, 2, 3]);
    assert_eq!((input.recv(), input.recv()), (Ok(0), Ok(1)));
}

#[process]
fn leaves_in_every_way(input: Receiver<u32>, silent: Receiver<u32>) -> Result<Vec<u32>, Stopped> {
    here();
    let mut got = Vec::new();
    'outer: loop {
        loop {
            let double = alt! {
                input ? value => match value {
                    0 => break,
                    1 => continue,
                    2 => break 'outer,
                    value => value * 2,
                },
                silent ? _ => panic!("nobody sends here"),
            };
            got.push(double);
        }
        got.push(0);
    }
    alt! {
        input ? value => { got.push(value); return Ok(got) },
    }
}

#[process]
fn asks_and_fails(input: Receiver<u32>, silent: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    alt! {
        input ? _ => { silent.recv()?; unreachable!("`?` leaves the body, and the process") },
    }
}

fn bodies_break_continue_return_and_give_values() {
    let ((out, input), (hold, silent)) = (channel(), channel());
    let ((), got) = par! { source(vec![5, 1, 6, 0, 7, 2, 9], out), leaves_in_every_way(input, silent) };
    assert_eq!(got, Ok(vec![10, 12, 0, 14, 9]));
    let ((other_out, other), (out, input)) = (channel(), channel());
    drop((hold, other_out));
    let ((), got) = par! { source(vec![1], out), asks_and_fails(input, other) };
    assert_eq!(got, Err(Stopped::Retired));
}

#[process]
fn offers_every_kind(
    input: Receiver<u32>,
    extended: Receiver<u32>,
    out: Sender<u32>,
    rounds: usize,
) -> Result<[usize; 3], Stopped> {
    here();
    let mut taken = [0; 3];
    for _ in 0..rounds {
        let kind = alt! {
            input ? value => { assert_eq!(value, 1); 0 },
            extended ?? value => { assert_eq!(value, 2); 1 },
            out ! 3 => 2,
            after Duration::from_secs(600) => panic!("everybody is there"),
        };
        taken[kind] += 1;
    }
    Ok(taken)
}

fn a_choice_sees_a_value_for_every_kind_of_guard() {
    let count = scale(60, 8);
    let ((one_out, one_in), (two_out, two_in), (three_out, three_in)) = (channel(), channel(), channel());
    let (_, _, taken, got) = par! {
        source(vec![1; count], one_out),
        source(vec![2; count], two_out),
        offers_every_kind(one_in, two_in, three_out, 3 * count),
        takes_exactly(three_in, count),
    };
    assert_eq!(taken, Ok([count; 3]));
    assert_eq!(got, vec![3; count]);
}

#[process]
fn takes_exactly(input: Receiver<u32>, count: usize) -> Vec<u32> {
    here();
    (0..count).map(|_| input.recv().expect("as many are sent")).collect()
}

struct Node {
    ins: Vec<Receiver<(u32, Option<u32>)>>,
    out: Sender<(u32, u32)>,
}

impl Node {
    fn input(&self, at: usize) -> &Receiver<(u32, Option<u32>)> {
        &self.ins[at]
    }
}

fn patterns_and_operands_of_all_shapes() {
    let (_first_out, first) = filled([(1, Some(2)), (3, None)]);
    let (_second_out, second) = filled([(4, None), (5, None)]);
    let (out, back) = channel::buffered(1);
    let node = Node { ins: vec![first, second], out };
    assert_eq!(alt! { node.ins[0] ? (a, b) => a + b.unwrap_or(10), stopped why => panic!("{why}") }, 3);
    assert_eq!(alt! { node.input(0) ? (a, _) => a, stopped why => panic!("{why}") }, 3);
    assert_eq!(alt! { (&node.ins[1]) ? pair => pair.0, stopped why => panic!("{why}") }, 4);
    let two = 2;
    alt! { node.out ! (two, two + 1) => {}, stopped why => panic!("{why}") }
    assert_eq!(back.recv(), Ok((2, 3)));
    let boxed = Box::new(node);
    assert_eq!(alt! { boxed.ins[1] ? (mut a, ..) => { a += 1; a }, stopped why => panic!("{why}") }, 6);
}

fn replicated_guards_bind_their_index() {
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..8).map(|_| channel()).unzip();
    let (_, got) = par! {
        for (number, out) in outs.into_iter().enumerate() => source(vec![number * number], out),
        takes_with_index(inputs),
    };
    assert_eq!(got, Ok(8));
}

#[process]
fn takes_with_index(inputs: Vec<Receiver<usize>>) -> Result<usize, Stopped> {
    here();
    let mut taken = vec![false; inputs.len()];
    while taken.contains(&false) {
        alt! {
            for (number, input) in inputs.iter().enumerate() {
                (!taken[number]) & input ? square => {
                    assert_eq!(square, number * number, "the body belongs to the replica whose guard was chosen");
                    taken[number] = true;
                }
            }
        }
    }
    Ok(taken.len())
}

fn the_choice_operator_separates_branches() {
    let (_out, input) = filled([1, 2]);
    let (unread, _held) = channel::<u32>();
    let chosen = alt! {
        unread ! 1 => { "out" }
        <> input ? value => { assert_eq!(value, 1); "in" }
        <> after Duration::from_secs(600) => { "after" }
        <> stopped why => { panic!("{why}") }
    };
    assert_eq!(chosen, "in");
}
