//! First come, first served: on both sides, in buffers, and among those that wait.

use csp::prelude::*;

use super::support::{send_to_a_waiting, sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    one_sender_keeps_its_order,
    a_buffer_keeps_the_order_of_arrival(main_only),
    a_chain_of_sends_keeps_causal_order,
    waiting_senders_are_served_in_turn,
    waiting_receivers_are_served_in_turn,
    a_waiting_choice_takes_its_turn,
    a_body_reads_on_in_order,
    an_offer_made_before_is_found_first(main_only),
];

fn one_sender_keeps_its_order() {
    let count = scale(2_000, 40) as u32;
    let (out, input) = channel();
    let ((), got) = par! { source((0..count).collect(), out), sink(input) };
    assert!(got.into_iter().eq(0..count));
}

fn a_buffer_keeps_the_order_of_arrival() {
    let (out, input) = channel::buffered(6);
    let other = out.clone();
    for pair in 0..3 {
        out.send(2 * pair).unwrap();
        other.send(2 * pair + 1).unwrap();
    }
    let second = input.clone();
    for pair in 0..3 {
        assert_eq!(second.recv(), Ok(2 * pair), "whichever end asks, the oldest comes first");
        assert_eq!(input.recv(), Ok(2 * pair + 1));
    }
}

#[process]
fn passes_the_turn(out: Sender<u32>, number: u32, turn: Receiver<()>, next: Sender<()>, rounds: u32) {
    here();
    for _ in 0..rounds {
        turn.recv()?;
        out.send(number)?;
        next.send(())?;
    }
}

/// Whoever sends only after another's send has returned comes after it, rendezvous or buffer.
fn a_chain_of_sends_keeps_causal_order() {
    let rounds = scale(200, 10) as u32;
    for (out, input) in [channel(), channel::buffered(3)] {
        let ((left_out, left_in), (right_out, right_in)) = (channel::buffered(1), channel::buffered(1));
        left_out.send(()).unwrap();
        let (_, _, got) = par! {
            passes_the_turn(out.clone(), 0, left_in, right_out, rounds),
            passes_the_turn(out, 1, right_in, left_out, rounds),
            sink(input),
        };
        assert!(got.into_iter().eq((0..2 * rounds).map(|at| at % 2)));
    }
}

#[process]
fn floods(out: Sender<usize>, number: usize) {
    here();
    loop {
        out.send(number)?;
    }
}

/// Takes `rounds` values and retires; gives the shares of `count` senders.
#[process]
fn counts_shares(input: Receiver<usize>, count: usize, rounds: usize) -> Result<Vec<usize>, Stopped> {
    here();
    let mut seen = vec![false; count];
    while seen.contains(&false) {
        seen[input.recv()?] = true; // all have arrived from here on
    }
    let mut shares = vec![0; count];
    for _ in 0..rounds {
        shares[input.recv()?] += 1;
    }
    Ok(shares)
}

/// A last-come-first-served queue lets a sender sleep at its bottom for ever.
fn waiting_senders_are_served_in_turn() {
    let (count, rounds) = (4, scale(4_000, 400));
    let (out, input) = channel();
    let (_, shares, ()) = par! {
        for number in 0..count => floods(out.clone(), number),
        counts_shares(input, count, rounds),
        { drop(out) },
    };
    let shares = shares.unwrap();
    assert!(shares.iter().all(|&share| share >= rounds / count / 10), "shares of those who wait: {shares:?}");
}

#[process]
fn works_for_its_share(work: Receiver<usize>, number: usize, done: Sender<usize>) {
    here();
    for _ in &work {
        done.send(number)?;
    }
}

fn waiting_receivers_are_served_in_turn() {
    let (count, rounds) = (4, scale(4_000, 400));
    let ((work_out, work_in), (done_out, done_in)) = (channel(), channel());
    let (_, _, shares) = par! {
        for number in 0..count => works_for_its_share(work_in.clone(), number, done_out.clone()),
        { drop((work_in, done_out)); floods(work_out, 0).run() },
        counts_shares(done_in, count, rounds),
    };
    let shares = shares.unwrap();
    assert!(shares.iter().all(|&share| share >= rounds / count / 10), "shares of those who wait: {shares:?}");
}

#[process]
fn floods_by_choice(out: Sender<usize>, number: usize) {
    here();
    loop {
        alt! {
            out ! number => {},
            out ! number => {}, // the same channel again: one choice, two offers
        }
    }
}

fn a_waiting_choice_takes_its_turn() {
    let (count, rounds) = (4, scale(2_000, 300));
    let (out, input) = channel();
    let (_, _, shares, ()) = par! {
        for number in 0..2 => floods(out.clone(), number),
        for number in 2..4 => floods_by_choice(out.clone(), number),
        counts_shares(input, count, rounds),
        { drop(out) },
    };
    let shares = shares.unwrap();
    assert!(shares.iter().all(|&share| share >= rounds / count / 10), "plain and choosing senders: {shares:?}");
}

#[process]
fn chooses_then_reads_on(first: Receiver<i32>, second: Receiver<i32>) -> Result<Vec<i32>, Stopped> {
    here();
    let mut got = alt! {
        first ? value => vec![value, first.recv()?, first.recv()?],
        second ? value => vec![value, second.recv()?, second.recv()?],
    };
    let rest = alt! {
        second ? value => vec![value, second.recv()?, second.recv()?],
        first ? value => vec![value, first.recv()?, first.recv()?],
    };
    got.extend(rest);
    Ok(got)
}

/// S07: the body of a choice reads two more values; those of the other channel stay where they are.
fn a_body_reads_on_in_order() {
    let ((first_out, first_in), (second_out, second_in)) = (channel(), channel());
    let (_, _, got) = par! {
        source(vec![-3, -2, -1], first_out),
        source(vec![3, 2, 1], second_out),
        chooses_then_reads_on(first_in, second_in),
    };
    let got = got.unwrap();
    assert!(got == [-3, -2, -1, 3, 2, 1] || got == [3, 2, 1, -3, -2, -1], "{got:?}");
}

/// Of two values in a full buffer and one that waits outside, the one outside is last.
fn an_offer_made_before_is_found_first() {
    let (out, input) = channel::buffered(2);
    let late = out.clone();
    out.send(1).unwrap();
    out.send(2).unwrap();
    let ((), got) = par! {
        { late.send(3).unwrap() },
        {
            let first = input.recv().unwrap();
            (first, input.recv().unwrap(), input.recv().unwrap())
        },
    };
    assert_eq!(got, (1, 2, 3));
    let (out, input) = channel();
    par! { { send_to_a_waiting(&out, 1); out.send(2).unwrap() }, { assert_eq!((input.recv(), input.recv()), (Ok(1), Ok(2))) } };
}
