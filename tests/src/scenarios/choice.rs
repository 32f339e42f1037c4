//! The choice: exactly one guard, over inputs and outputs, alone and facing other choices.

use std::time::Duration;

use csp::prelude::*;

use super::support::{filled, nobody, sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    six_nested_choices_take_one_value,
    a_false_precondition_leaves_the_true_one,
    one_channel_in_three_guards_gives_one_value(main_only),
    an_empty_replicated_choice_leaves_the_other_guard(main_only),
    twenty_channels_give_their_twenty_values,
    guards_that_were_not_chosen_stay_ready,
    a_choice_withdraws_its_other_offers(main_only),
    guards_of_one_choice_never_match_each_other(main_only),
    a_choice_with_both_ends_meets_strangers,
    two_choices_share_one_receiver,
    two_choices_share_one_sender,
    a_choice_over_very_many_channels,
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
            // Where something is ready, not so soon that it is over for whoever is kept from running.
            after Duration::from_millis(if time == 0 { 600_000 } else { 1 }) => assert_eq!(time, 1),
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

fn a_choice_over_very_many_channels() {
    let width = scale(250, 60);
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..width).map(|_| channel()).unzip();
    let (_, got) = par! { sends_one_on_each(outs, 0), takes_one_from_each(inputs) };
    assert!(got.unwrap().into_iter().eq(0..width));
}
