//! First come, first served: on both sides, in buffers, and among those that wait.

use std::time::Duration;

use csp::prelude::*;

use super::support::{lets_others_come, send_to_a_waiting, sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    one_sender_keeps_its_order,
    a_buffer_keeps_the_order_of_arrival(main_only),
    a_chain_of_sends_keeps_causal_order,
    waiting_senders_are_served_in_turn,
    waiting_receivers_are_served_in_turn,
    senders_before_a_full_buffer_are_admitted_in_turn,
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

/// How a process waits on the channel.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Plainly,
    ByChoice,
    Extended,
    WithALimit,
}

const LONG: Duration = Duration::from_secs(600);

/// Waits to receive as soon as it is told to, and gives back what it got.
#[process]
fn queues_to_receive(
    go: Receiver<()>,
    input: Receiver<usize>,
    never: Receiver<usize>,
    way: Way,
) -> Result<usize, Stopped> {
    here();
    go.recv()?;
    let got = match way {
        Way::Plainly => input.recv()?,
        Way::ByChoice => alt! { never ? _ => panic!("nobody sends"), input ? got => got },
        Way::Extended => input.recv_with(|got| got)?,
        Way::WithALimit => input.recv_timeout(LONG).expect("there is one for each"),
    };
    Ok(got)
}

/// Waits to send as soon as it is told to.
#[process]
fn queues_to_send(number: usize, go: Receiver<()>, out: Sender<usize>, never: Receiver<usize>, way: Way) {
    here();
    go.recv()?;
    match way {
        Way::Plainly | Way::Extended => out.send(number)?,
        Way::ByChoice => alt! { never ? _ => panic!("nobody sends"), out ! number => {} },
        Way::WithALimit => out.send_timeout(number, LONG)?,
    }
}

/// Lets the processes queue up, one after the other, with `patience` for each to get there.
fn starts_in_order(goes: Vec<Sender<()>>, patience: usize) {
    for go in goes {
        go.send(()).unwrap();
        lets_others_come(patience);
    }
}

/// The ways of the processes: all alike, or all mixed.
const WAYS: [[Way; 4]; 3] =
    [[Way::Plainly; 4], [Way::ByChoice; 4], [Way::Plainly, Way::ByChoice, Way::Extended, Way::WithALimit]];

/// How many queue up.
const QUEUE: usize = 8;

/// Runs attempts, each with more patience, until one serves all in order.
///
/// That somebody waits can only be seen by serving him, so no attempt knows for certain in which order the processes queued
/// up: one may have been held up on its way. But where the first come is served first, an attempt in which none is held up
/// is soon found; where he is not, none ever serves all of them in order.
fn assert_in_order_at_last(ways: &[[Way; 4]], mut attempt: impl FnMut([Way; 4], usize) -> Vec<usize>) {
    for &ways in ways {
        let mut served = Vec::new();
        let found = (1..100).any(|patience| {
            served = attempt(ways, 8 * patience);
            served.is_sorted()
        });
        assert!(found, "never in order, {ways:?}; at last: {served:?}");
    }
}

fn waiting_senders_are_served_in_turn() {
    assert_in_order_at_last(&WAYS, |ways, patience| {
        let ((out, input), (_hold, never)) = (channel(), channel());
        let (goes, gos): (Vec<_>, Vec<_>) = (0..QUEUE).map(|_| channel()).unzip();
        let (_, served) = par! {
            for (number, go) in gos.into_iter().enumerate() =>
                queues_to_send(number, go, out.clone(), never.clone(), ways[number % 4]),
            move(goes, input) {
                starts_in_order(goes, patience);
                (0..QUEUE).map(|_| input.recv().unwrap()).collect::<Vec<_>>()
            },
        };
        served
    });
}

fn waiting_receivers_are_served_in_turn() {
    assert_in_order_at_last(&WAYS, |ways, patience| {
        let ((out, input), (_hold, never)) = (channel(), channel());
        let (goes, gos): (Vec<_>, Vec<_>) = (0..QUEUE).map(|_| channel()).unzip();
        let (got, ()) = par! {
            for (number, go) in gos.into_iter().enumerate() =>
                queues_to_receive(go, input.clone(), never.clone(), ways[number % 4]),
            move(goes, out) {
                starts_in_order(goes, patience);
                (0..QUEUE).for_each(|value| out.send(value).unwrap());
            },
        };
        got.into_iter().map(Result::unwrap).collect()
    });
}

/// A full buffer lets in who has waited longest. (Plain senders: a choice that is let in has yet to make its message, and another
/// message may arrive before it.)
fn senders_before_a_full_buffer_are_admitted_in_turn() {
    assert_in_order_at_last(&WAYS[..1], |ways, patience| {
        let ((out, input), (_hold, never)) = (channel::buffered(2), channel());
        let (goes, gos): (Vec<_>, Vec<_>) = (0..QUEUE).map(|_| channel()).unzip();
        out.send(100).unwrap();
        out.send(101).unwrap();
        let (_, mut served) = par! {
            for (number, go) in gos.into_iter().enumerate() =>
                queues_to_send(number, go, out.clone(), never.clone(), ways[number % 4]),
            move(goes, input) {
                starts_in_order(goes, patience);
                (0..QUEUE + 2).map(|_| input.recv().unwrap()).collect::<Vec<_>>()
            },
        };
        let first: Vec<_> = served.drain(..2).collect();
        assert_eq!(first, [100, 101], "what lay in the buffer comes before who waits");
        served
    });
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
