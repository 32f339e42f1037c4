//! Choices that face choices: rings, crossings, crowds, and ends that leave in between.

use csp::prelude::*;

use super::support::{sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    ring_of_four_choosing_processes,
    ring_of_three_choosing_processes,
    a_big_ring_of_choosing_processes,
    two_choices_crossed_in_all_guard_orders,
    four_choosing_writers_and_four_choosing_readers,
    everybody_offers_both_ends_of_everything,
    a_choice_over_the_same_channels_in_opposite_orders,
    choosing_partners_leave_while_others_choose,
    a_chain_of_choosing_forwarders,
];

/// In each round either passes its own value on or reads its neighbour's, until it has done each so often.
#[process]
fn writes_own_or_reads_neighbour(
    own: Sender<u32>,
    left: Receiver<u32>,
    number: u32,
    rounds: usize,
) -> Result<(u32, usize), Stopped> {
    here();
    let (mut written, mut read, mut sum) = (0, 0, 0u32);
    while written < rounds || read < rounds {
        alt! {
            (written < rounds) & own ! number => written += 1,
            (read < rounds) & left ? value => { sum = sum.wrapping_add(value); read += 1 },
        }
    }
    Ok((sum, written + read))
}

fn run_ring(size: u32, rounds: usize) {
    let (outs, mut inputs): (Vec<_>, Vec<_>) = (0..size).map(|_| channel()).unzip();
    inputs.rotate_right(1); // process k reads what process k−1 writes
    let ends: Vec<_> = outs.into_iter().zip(inputs).collect();
    let outcomes = par! {
        for (number, (own, left)) in (0..size).zip(ends) => writes_own_or_reads_neighbour(own, left, number, rounds),
    };
    for (number, outcome) in (0..size).zip(outcomes) {
        let left = (number + size - 1) % size;
        assert_eq!(outcome, Ok((left.wrapping_mul(rounds as u32), 2 * rounds)), "process {number}");
    }
}

/// The bug that PyCSP had before 0.6.1; also S65.
fn ring_of_four_choosing_processes() {
    run_ring(4, scale(10_000, 100));
}

fn ring_of_three_choosing_processes() {
    run_ring(3, scale(3_000, 60));
}

fn a_big_ring_of_choosing_processes() {
    run_ring(scale(32, 9) as u32, scale(100, 8));
}

/// Offers its two guards in one of the eight orders and directions, `rounds` times.
#[process]
fn offers_two(
    first: (Sender<u32>, Receiver<u32>),
    second: (Sender<u32>, Receiver<u32>),
    order: u8,
    rounds: u32,
) -> Result<[u32; 4], Stopped> {
    here();
    let mut taken = [0; 4];
    for _ in 0..rounds {
        let guard = match order {
            0 => alt! { first.0 ! 1 => 0, second.0 ! 2 => 1 },
            1 => alt! { second.0 ! 2 => 1, first.0 ! 1 => 0 },
            2 => {
                alt! { first.1 ? value => { assert_eq!(value, 1); 2 }, second.1 ? value => { assert_eq!(value, 2); 3 } }
            }
            3 => {
                alt! { second.1 ? value => { assert_eq!(value, 2); 3 }, first.1 ? value => { assert_eq!(value, 1); 2 } }
            }
            4 => alt! { first.0 ! 1 => 0, second.1 ? value => { assert_eq!(value, 2); 3 } },
            5 => alt! { second.1 ? value => { assert_eq!(value, 2); 3 }, first.0 ! 1 => 0 },
            6 => alt! { first.1 ? value => { assert_eq!(value, 1); 2 }, second.0 ! 2 => 1 },
            _ => alt! { second.0 ! 2 => 1, first.1 ? value => { assert_eq!(value, 1); 2 } },
        };
        taken[guard] += 1;
    }
    Ok(taken)
}

fn two_choices_crossed_in_all_guard_orders() {
    let rounds = scale(300, 4) as u32;
    for (one_sided, other_sided) in [([0, 1], [2, 3]), ([4, 5], [6, 7])] {
        for one in one_sided {
            for other in other_sided {
                let (first, second) = (channel(), channel());
                let (left, right) = par! {
                    offers_two(first.clone(), second.clone(), one, rounds),
                    offers_two(first, second, other, rounds),
                };
                let (left, right) = (left.unwrap(), right.unwrap());
                assert_eq!(
                    [left[0], left[1], left[2], left[3]],
                    [right[2], right[3], right[0], right[1]],
                    "what one sent the other received"
                );
                assert_eq!(left.iter().sum::<u32>(), rounds);
            }
        }
    }
}

#[process]
fn writes_to_any(outs: Vec<Sender<u32>>, mut next: u32, count: u32) {
    here();
    let end = next + count;
    while next < end {
        alt! { for out in &outs { out ! next => next += 1 } }
    }
}

#[process]
fn reads_from_any(inputs: Vec<Receiver<u32>>) -> Result<Vec<u32>, Stopped> {
    here();
    let mut got = Vec::new();
    loop {
        alt! {
            for input in &inputs { input ? value => got.push(value) }
            stopped why => { assert!(why.is_retired()); return Ok(got) },
        }
    }
}

fn four_choosing_writers_and_four_choosing_readers() {
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..4).map(|_| channel()).unzip();
    let (_, got, ()) = par! {
        for number in 0..4 => writes_to_any({ let mut outs = outs.clone(); outs.rotate_left(number as usize); outs }, 40 * number, 40),
        for number in 0..4 => reads_from_any({ let mut inputs = inputs.clone(); inputs.rotate_right(number); inputs }),
        { drop((outs, inputs)) },
    };
    let mut all: Vec<u32> = got.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(all.len(), 160, "exactly 160 values");
    all.sort_unstable();
    assert!(all.into_iter().eq(0..160), "each of them once");
}

#[process]
fn offers_everything(ends: Vec<(Sender<u32>, Receiver<u32>)>, rounds: usize) -> Result<(u32, u32), Stopped> {
    here();
    let (mut sent, mut received) = (0, 0);
    for _ in 0..rounds {
        alt! {
            for (out, input) in &ends {
                out ! 1 => sent += 1,
                input ? value => received += value,
            }
        }
    }
    Ok((sent, received))
}

/// An even number of processes that offer all ends of all channels: they meet in pairs until everybody is done.
fn everybody_offers_both_ends_of_everything() {
    let ends: Vec<_> = (0..3).map(|_| channel()).collect();
    let outcomes = par! { 2 * offers_everything(ends, scale(1_000, 30)) };
    let (sent, received) =
        outcomes.into_iter().map(Result::unwrap).fold((0, 0), |(s, r), (sent, received)| (s + sent, r + received));
    assert_eq!(sent, received);
    assert_eq!(sent as usize, scale(1_000, 30));
}

#[process]
fn writes_by_priority(outs: Vec<Sender<u32>>, count: u32) {
    here();
    for value in 0..count {
        pri_alt! { for out in &outs { out ! value => {} } }
    }
}

#[process]
fn reads_by_priority(inputs: Vec<Receiver<u32>>) -> Result<Vec<u32>, Stopped> {
    here();
    let mut got = Vec::new();
    loop {
        pri_alt! {
            for input in inputs.iter().rev() { input ?? value => got.push(value) }
            stopped why => { assert!(why.is_retired()); return Ok(got) },
        }
    }
}

fn a_choice_over_the_same_channels_in_opposite_orders() {
    let count = scale(1_000, 30) as u32;
    let (outs, inputs) = (0..5).map(|_| channel()).unzip();
    let ((), got) = par! { writes_by_priority(outs, count), reads_by_priority(inputs) };
    assert!(
        got.unwrap().into_iter().eq(0..count),
        "one writer, one reader: whichever channel, the order is the writer's"
    );
}

/// Partners that retire one by one: those who still choose go on with those who are left.
fn choosing_partners_leave_while_others_choose() {
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..4).map(|_| channel()).unzip();
    let (_, _, got, ()) = par! {
        for (number, out) in outs.iter().enumerate() => source(vec![1000; number], out.clone()),
        for number in 0..4 => writes_to_any(outs.clone(), 10 * number, 10 * (4 - number) / 4),
        2 * reads_from_any(inputs),
        { drop(outs) },
    };
    let all: Vec<u32> = got.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(all.iter().filter(|&&value| value == 1000).count(), 6);
    assert_eq!(all.len(), 6 + 10 + 7 + 5 + 2);
}

/// Holds at most one value, and is always willing to take or to give: both of its neighbours choose too.
#[process]
fn forwards_by_choice(input: Receiver<u32>, out: Sender<u32>) {
    here();
    let mut held = None;
    loop {
        alt! {
            (held.is_none()) & input ? value => held = Some(value),
            (held.is_some()) & out ! held.take().expect("only then is this guard enabled") => {},
            stopped why => { assert!(why.is_retired()); return; },
        }
    }
}

fn a_chain_of_choosing_forwarders() {
    let count = scale(500, 20) as u32;
    let (first_out, mut last_in) = channel();
    let mut links = Vec::new();
    for _ in 0..6 {
        let (out, input) = channel();
        links.push((std::mem::replace(&mut last_in, input), out));
    }
    let (_, _, got) = par! {
        source((0..count).collect(), first_out),
        for (input, out) in links => forwards_by_choice(input, out),
        sink(last_in),
    };
    assert!(got.into_iter().eq(0..count));
}
