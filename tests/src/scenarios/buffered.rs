//! Buffered channels: exactly n values, first in first out, drained or dropped at their end.

use std::time::Duration;

use csp::Refusal;
use csp::prelude::*;

use super::support::{Drops, filled, nobody, poisoned, retired, sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    a_buffer_holds_exactly_n(main_only),
    a_full_buffer_makes_the_sender_wait,
    a_waiting_sender_moves_up(main_only),
    buffered_streams_arrive_whole_and_in_order,
    many_to_many_over_a_buffer,
    a_senders_poison_lets_the_buffer_drain(main_only),
    a_receivers_poison_drops_the_buffer(main_only),
    the_last_receiver_drops_the_buffer(main_only),
    what_a_buffer_drops_is_dropped_once(main_only),
    guards_on_buffers_are_ready_by_room_and_content(main_only),
    choices_on_both_sides_of_a_buffer,
    one_value_buffers_make_a_pipeline,
];

fn a_buffer_holds_exactly_n() {
    for n in [1, 2, 3, 17, 100] {
        let (out, input) = channel::buffered(n);
        for round in 0..3 {
            for value in 0..n {
                assert!(out.try_send(value).is_ok(), "{value} of {n} in round {round}");
            }
            let refused = out.try_send(n).unwrap_err();
            assert!(matches!(refused.reason, Refusal::NotReady), "not one more than {n}");
            assert!(matches!(out.send_timeout(n, Duration::from_millis(1)).unwrap_err().reason, Refusal::TimedOut));
            for value in 0..n {
                assert_eq!(input.try_recv().ok(), Some(value));
            }
            nobody(input.try_recv());
        }
    }
}

#[process]
fn sends_and_counts(out: Sender<u32>, done: Sender<u32>, count: u32) {
    here();
    for value in 0..count {
        out.send(value)?;
        done.send(value)?;
    }
}

#[process]
fn lets_it_run_ahead(input: Receiver<u32>, done: Receiver<u32>, n: u32, count: u32) {
    here();
    for value in 0..n {
        assert_eq!(done.recv()?, value, "n sends need no receiver");
    }
    for value in n..count {
        for _ in 0..10 {
            nobody(done.try_recv()); // the next one needs room
        }
        assert_eq!(input.recv()?, value - n);
        assert_eq!(done.recv()?, value);
    }
    assert!(input.iter().eq(count - n..count));
}

fn a_full_buffer_makes_the_sender_wait() {
    let ((out, input), (done_out, done)) = (channel::buffered(3), channel());
    let count = scale(60, 8) as u32;
    par! { sends_and_counts(out, done_out, count), lets_it_run_ahead(input, done, 3, count) };
}

fn a_waiting_sender_moves_up() {
    let (out, input) = channel::buffered(1);
    let ((), ()) = par! {
        { (0..scale(200, 20)).for_each(|value| out.send(value).unwrap()) },
        { assert!(input.iter().eq(0..scale(200, 20))) },
    };
}

fn buffered_streams_arrive_whole_and_in_order() {
    for n in [1, 2, 7, 64] {
        let count = scale(1_000, 30) as u32;
        let (out, input) = channel::buffered(n);
        let ((), got) = par! { source((0..count).collect(), out), sink(input) };
        assert!(got.into_iter().eq(0..count), "through a buffer of {n}");
    }
}

fn many_to_many_over_a_buffer() {
    let count = scale(200, 10) as u32;
    let (out, input) = channel::buffered(5);
    let (_, got) = par! { 4 * source((0..count).collect(), out), 4 * sink(input) };
    let mut all: Vec<u32> = got.into_iter().flatten().collect();
    all.sort_unstable();
    assert!(all.into_iter().eq((0..4 * count).map(|at| at / 4)));
}

/// S39.
fn a_senders_poison_lets_the_buffer_drain() {
    let (out, input) = filled([1, 2, 3]);
    out.poison();
    poisoned(out.send(4));
    assert_eq!(input.recv(), Ok(1));
    assert_eq!(alt! { input ? value => Some(value), stopped _ => None }, Some(2));
    assert_eq!(input.try_recv().ok(), Some(3));
    poisoned(input.recv());
}

/// S39.
fn a_receivers_poison_drops_the_buffer() {
    let (out, input) = filled([1, 2, 3]);
    input.poison();
    poisoned(input.recv());
    poisoned(out.send(4));

    let (out, input) = filled([1, 2, 3]);
    out.poison();
    input.poison();
    poisoned(input.recv());
}

fn the_last_receiver_drops_the_buffer() {
    let (end_out, end_in) = channel::<u32>();
    let (out, input) = filled([end_out]);
    nobody(end_in.try_recv());
    drop(input);
    retired(end_in.recv());
    let (other, _) = channel();
    retired(out.send(other));
}

fn what_a_buffer_drops_is_dropped_once() {
    let fill = |drops: &Drops| {
        let (out, input) = channel::local_buffered(4);
        (0..3).for_each(|_| assert!(out.try_send(drops.value()).is_ok()));
        (out, input)
    };
    let drops = Drops::default();
    drop(fill(&drops));
    assert_eq!(drops.count(), 3, "both ends went");

    let drops = Drops::default();
    let (out, input) = fill(&drops);
    input.poison();
    assert_eq!(drops.count(), 3, "poisoned by the receiver");
    assert!(out.send(drops.value()).is_err());
    drop((out, input));
    assert_eq!(drops.count(), 4);

    let drops = Drops::default();
    let (out, input) = fill(&drops);
    drop(input.recv());
    assert_eq!(drops.count(), 1);
    drop(out);
    assert_eq!(drops.count(), 1, "the rest waits for its receiver");
    assert_eq!(input.iter().count(), 2);
    assert_eq!(drops.count(), 3);
}

fn guards_on_buffers_are_ready_by_room_and_content() {
    let (out, input) = channel::buffered(2);
    let step =
        || pri_alt! { input ? value => format!("got {value}"), skip => "empty".into(), stopped why => panic!("{why}") };
    let put = |value: u32| pri_alt! { out ! value => "put", skip => "full", stopped why => panic!("{why}") };
    assert_eq!(step(), "empty");
    assert_eq!([put(1), put(2), put(3)], ["put", "put", "full"]);
    assert_eq!([step(), step(), step()], ["got 1", "got 2", "empty"]);
    // Both ends in one choice: the buffer lies between, so either guard may be taken when it is ready.
    assert_eq!(pri_alt! { input ? _ => "in", out ! 9 => "out", stopped why => panic!("{why}") }, "out");
    assert_eq!(
        pri_alt! { input ? value => { assert_eq!(value, 9); "in" }, out ! 9 => "out", stopped why => panic!("{why}") },
        "in"
    );
}

#[process]
fn puts_anywhere(outs: Vec<Sender<u32>>, from: u32, to: u32) {
    here();
    let mut next = from;
    while next < to {
        alt! { for out in &outs { out ! next => next += 1 } }
    }
}

#[process]
fn gets_from_anywhere(inputs: Vec<Receiver<u32>>) -> Result<Vec<u32>, Stopped> {
    here();
    let mut got = Vec::new();
    loop {
        alt! {
            for input in &inputs { input ? value => got.push(value) }
            stopped why => { assert!(why.is_retired()); return Ok(got) },
        }
    }
}

fn choices_on_both_sides_of_a_buffer() {
    let count = scale(200, 12) as u32;
    let (outs, inputs): (Vec<_>, Vec<_>) = (1..4).map(channel::buffered).unzip();
    let (_, got, ()) = par! {
        for number in 0..3 => puts_anywhere(outs.clone(), number * count, (number + 1) * count),
        3 * gets_from_anywhere(inputs),
        { drop(outs) },
    };
    let mut all: Vec<u32> = got.into_iter().flat_map(Result::unwrap).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..3 * count));
}

#[process]
fn adds_one(input: Receiver<u32>, out: Sender<u32>) {
    here();
    for value in input {
        out.send(value + 1)?;
    }
}

fn one_value_buffers_make_a_pipeline() {
    let count = scale(300, 15) as u32;
    let (first, mut last) = channel::buffered(1);
    let mut stages = Vec::new();
    for _ in 0..8 {
        let (out, input) = channel::buffered(1);
        stages.push((std::mem::replace(&mut last, input), out));
    }
    let ((), _, got) =
        par! { source((0..count).collect(), first), for (input, out) in stages => adds_one(input, out), sink(last) };
    assert!(got.into_iter().eq(8..count + 8));
}
