//! The choice: exactly one guard, over inputs and outputs, alone and facing other choices.

use std::cell::Cell;
use std::time::Duration;

use csp::prelude::*;

use super::support::{filled, nobody, sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    six_nested_choices_take_one_value,
    a_false_precondition_leaves_the_true_one,
    one_channel_in_three_guards_gives_one_value(main_only),
    an_empty_replicated_choice_leaves_the_other_guard(main_only),
    preconditions_are_evaluated_for_each_guard(main_only),
    a_switched_off_guard_evaluates_nothing(main_only),
    twenty_channels_give_their_twenty_values,
    guards_that_were_not_chosen_stay_ready,
    a_choice_withdraws_its_other_offers(main_only),
    guards_of_one_choice_never_match_each_other(main_only),
    a_choice_with_both_ends_meets_strangers,
    two_choices_share_one_receiver,
    two_choices_share_one_sender,
    an_output_expression_is_evaluated_once_when_chosen(main_only),
    bodies_break_continue_return_and_give_values,
    a_choice_sees_a_value_for_every_kind_of_guard,
    patterns_and_operands_of_all_shapes(main_only),
    replicated_guards_bind_their_index,
    the_choice_operator_separates_branches(main_only),
];

#[process]
fn nests_six_choices(input: Receiver<u32>, x: u32) -> Result<u32, Stopped> {
    here();
    let mut bodies = 0;
    let got = alt! {
        for _ in 0..1 { for _ in 0..1 { for _ in 0..1 { for _ in 0..1 { for _ in 0..1 {
            (x == 67) & input ? value => { bodies += 1; value },
            (x == 99) & input ? _ => { bodies += 100; 0 },
        } } } } }
    };
    assert_eq!(bodies, 1);
    Ok(got)
}

/// S01.
fn six_nested_choices_take_one_value() {
    let (out, input) = channel();
    let ((), got) = par! { source(vec![42], out), nests_six_choices(input, 67) };
    assert_eq!(got, Ok(42));
}

#[process]
fn takes_the_true_one(input: Receiver<u32>, other: Receiver<u32>, off: bool) -> Result<u32, Stopped> {
    here();
    alt! {
        (off) & input ? _ => panic!("switched off"),
        other ? _ => panic!("nobody sends here"),
        (!off) & input ? value => Ok(value),
    }
}

/// S03.
fn a_false_precondition_leaves_the_true_one() {
    let ((out, input), (_silent, other)) = (channel(), channel());
    let ((), got) = par! { source(vec![5], out), takes_the_true_one(input, other, false) };
    assert_eq!(got, Ok(5));
}

/// S05.
fn one_channel_in_three_guards_gives_one_value() {
    let (_out, input) = filled([1, 2, 3, 4]);
    let mut bodies = 0;
    for expected in 1..=3 {
        alt! {
            input ? value => { assert_eq!(value, expected); bodies += 1 },
            input ? value => { assert_eq!(value, expected); bodies += 1 },
            input ? value => { assert_eq!(value, expected); bodies += 1 },
            stopped why => panic!("{why}"),
        }
    }
    assert_eq!(bodies, 3);
    let first = pri_alt! { input ? _ => 1, input ? _ => 2, input ? _ => 3, stopped why => panic!("{why}") };
    assert_eq!(first, 1, "in priority order the first of the three takes it");
}

/// S09.
fn an_empty_replicated_choice_leaves_the_other_guard() {
    let none: Vec<Receiver<u32>> = Vec::new();
    let (_out, input) = filled([9]);
    let got = alt! {
        for one in &none { one ? _ => panic!("there is none") }
        input ? value => value,
        stopped why => panic!("{why}"),
    };
    assert_eq!(got, 9);
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
    let no_out: Option<Sender<u32>> = None;
    let got = alt! {
        (none.is_some()) & none.as_ref().unwrap() ? value => value,
        (no_out.is_some()) & no_out.as_ref().unwrap() ! panic!("never") => 0,
        (no_out.is_some()) & after panic!("never") => 0,
        input ? value => value,
        stopped why => panic!("{why}"),
    };
    assert_eq!(got, 1);
    drop(out);
}

#[process]
fn takes_one_from_each(inputs: Vec<Receiver<usize>>) -> Result<Vec<usize>, Stopped> {
    here();
    let mut got = Vec::new();
    for _ in 0..inputs.len() {
        alt! { for input in &inputs { input ? value => got.push(value) } }
    }
    Ok(got)
}

#[process]
fn sends_one_on_each(outs: Vec<Sender<usize>>, first: usize) {
    here();
    for (number, out) in outs.into_iter().enumerate() {
        out.send(first + number)?;
    }
}

/// S15: twenty channels with a sequential writer, with parallel writers, and half and half.
fn twenty_channels_give_their_twenty_values() {
    for parallel in [0, 10, 20] {
        let (outs, inputs): (Vec<_>, Vec<_>) = (0..20).map(|_| channel()).unzip();
        let rest = outs[parallel..].to_vec();
        let single = outs.into_iter().take(parallel).collect::<Vec<_>>();
        let (_, _, got) = par! {
            for (number, out) in single.into_iter().enumerate() => source(vec![number], out),
            sends_one_on_each(rest, parallel),
            takes_one_from_each(inputs),
        };
        let mut got = got.unwrap();
        got.sort_unstable();
        assert!(got.into_iter().eq(0..20));
    }
}

#[process]
fn takes_all_of(inputs: Vec<Receiver<usize>>) -> Result<Vec<usize>, Stopped> {
    here();
    let mut got = Vec::new();
    loop {
        alt! {
            for input in &inputs { input ? value => got.push(value) }
            stopped why => { assert!(why.is_retired()); return Ok(got) },
        }
    }
}

/// S21: whatever fired together with the chosen guard is there for the next choice.
fn guards_that_were_not_chosen_stay_ready() {
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
    let (_, got) = par! {
        for (number, out) in outs.into_iter().enumerate() => source(vec![number, number + 10], out),
        takes_all_of(inputs),
    };
    let mut got = got.unwrap();
    got.sort_unstable();
    assert_eq!(got, [0, 1, 2, 10, 11, 12]);
}

fn a_choice_withdraws_its_other_offers() {
    let (_ready_out, ready) = filled([1]);
    let (other_out, other_in) = channel::<u32>();
    let (back_out, back_in) = channel::<u32>();
    for time in 0..2 {
        alt! {
            other_in ? _ => panic!("nobody sends"),
            back_out ! 5 => panic!("nobody receives"),
            (time == 0) & ready ? _ => {},
            after Duration::from_millis(1) => assert_eq!(time, 1),
            stopped why => panic!("{why}"),
        }
        assert!(other_out.try_send(1).is_err(), "no offer to receive is left behind");
        nobody(back_in.try_recv());
    }
}

fn guards_of_one_choice_never_match_each_other() {
    let (out, input) = channel::<u32>();
    for _ in 0..3 {
        let chosen = alt! {
            out ! 1 => "out",
            input ? _ => "in",
            after Duration::from_millis(1) => "after",
            stopped why => panic!("{why}"),
        };
        assert_eq!(chosen, "after");
        let chosen = pri_alt! { input ?? _ => "in", out ! 1 => "out", skip => "skip", stopped why => panic!("{why}") };
        assert_eq!(chosen, "skip");
    }
}

#[process]
fn chooses_with_itself(out: Sender<u32>, input: Receiver<u32>, met: Sender<bool>, rounds: usize) {
    here();
    for _ in 0..rounds {
        let sent = alt! { out ! 1 => true, input ? _ => false };
        met.send(sent)?;
    }
}

/// Two processes that offer both ends of one channel meet each other, never themselves.
fn a_choice_with_both_ends_meets_strangers() {
    let rounds = scale(200, 20);
    let ((out, input), (met_out, met_in)) = (channel(), channel());
    let (_, _, met) = par! {
        chooses_with_itself(out.clone(), input.clone(), met_out.clone(), rounds),
        chooses_with_itself(out, input, met_out, rounds),
        sink(met_in),
    };
    assert_eq!(met.len(), 2 * rounds);
    assert_eq!(met.iter().filter(|&&sent| sent).count(), rounds, "each meeting has one who sent and one who received");
}

#[process]
fn chooses_from_shared(input: Receiver<u32>, other: Receiver<u32>) -> Result<Vec<u32>, Stopped> {
    here();
    let mut got = Vec::new();
    loop {
        alt! {
            input ? value => got.push(value),
            other ? _ => panic!("nobody sends here"),
            stopped why => { assert!(why.is_retired()); return Ok(got) },
        }
    }
}

/// S67: one message goes to exactly one of two choices over the same end.
fn two_choices_share_one_receiver() {
    let count = scale(500, 30) as u32;
    let ((out, input), (silent, other)) = (channel(), channel());
    let (_, got) = par! {
        move(out, silent) { source((0..count).collect(), out).run(); drop(silent) },
        2 * chooses_from_shared(input, other),
    };
    let mut all: Vec<u32> = got.into_iter().flat_map(Result::unwrap).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..count));
}

#[process]
fn chooses_to_send(out: Sender<u32>, never: Receiver<()>, from: u32, to: u32) {
    here();
    let mut value = from;
    while value < to {
        alt! { out ! value => value += 1, never ? () => panic!("nobody sends here") }
    }
}

fn two_choices_share_one_sender() {
    let count = scale(300, 20) as u32;
    let ((out, input), (_silent, never)) = (channel(), channel());
    let (_, _, got) = par! {
        chooses_to_send(out.clone(), never.clone(), 0, count),
        chooses_to_send(out, never, count, 2 * count),
        sink(input),
    };
    let mut got = got;
    got.sort_unstable();
    assert!(got.into_iter().eq(0..2 * count));
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
fn offers_every_kind(input: Receiver<u32>, extended: Receiver<u32>, out: Sender<u32>, rounds: usize) -> Result<[usize; 3], Stopped> {
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
