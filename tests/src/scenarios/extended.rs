//! The extended rendezvous: the sender waits until the body has ended, however it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use csp::prelude::*;

use super::support::{filled, nobody, poisoned, retired, sink, source};
use crate::harness::{here, here_with, scale, scenarios};

scenarios![
    the_sender_is_released_after_the_body,
    an_extended_guard_releases_after_its_branch,
    a_body_that_panics_releases_the_sender,
    a_body_that_leaves_releases_the_sender,
    a_body_that_poisons_its_channel_still_gives_ok,
    a_body_may_communicate,
    extended_forwarding_keeps_a_chain_synchronous,
    extended_input_from_a_buffer(main_only),
    reading_in_place,
    reading_in_place_whatever_it_is,
    extended_input_of_a_stopped_channel_runs_no_body(main_only),
    a_choosing_sender_waits_for_the_body,
];

#[process]
fn sends_and_tells(out: Sender<u32>, events: Sender<(bool, u32)>, count: u32) {
    here();
    for value in 0..count {
        out.send(value)?;
        events.send((true, value))?;
    }
}

#[process]
fn tells_during_the_body(input: Receiver<u32>, events: Sender<(bool, u32)>) {
    here();
    loop {
        input.recv_with(|value| events.send((false, value)))??;
    }
}

/// S29: strictly «during», «sent», «during», «sent» …
fn the_sender_is_released_after_the_body() {
    let count = scale(100, 10) as u32;
    let ((out, input), (events_out, events)) = (channel(), channel());
    let (_, _, got) = par! {
        sends_and_tells(out, events_out.clone(), count),
        tells_during_the_body(input, events_out),
        sink(events),
    };
    assert!(got.into_iter().eq((0..count).flat_map(|value| [(false, value), (true, value)])));
}

#[process]
fn tells_during_the_branch(input: Receiver<u32>, other: Receiver<u32>, events: Sender<(bool, u32)>) {
    here();
    loop {
        alt! {
            input ?? value => events.send((false, value))?,
            other ?? _ => panic!("nobody sends here"),
        }
    }
}

/// S31.
fn an_extended_guard_releases_after_its_branch() {
    let count = scale(100, 10) as u32;
    let ((out, input), (silent, other), (events_out, events)) = (channel(), channel(), channel());
    let (_, _, got) = par! {
        tells_during_the_branch(input, other, events_out.clone()),
        move(out, events_out, silent) { sends_and_tells(out, events_out, count).run(); drop(silent) },
        move(events) { (0..2 * count).map(|_| events.recv().unwrap()).collect::<Vec<_>>() },
    };
    assert!(got.into_iter().eq((0..count).flat_map(|value| [(false, value), (true, value)])));
}

#[process]
fn panics_in_the_body(input: Receiver<u32>) -> Vec<u32> {
    here_with("pair");
    let outcome = catch_unwind(AssertUnwindSafe(|| input.recv_with(|value| panic!("body of {value}"))));
    assert!(outcome.is_err(), "the panic comes through");
    let outcome = catch_unwind(AssertUnwindSafe(|| -> Result<(), Stopped> {
        alt! { input ?? value => { assert!(value > 9, "branch of {value}"); Ok(()) } }
    }));
    assert!(outcome.is_err(), "the panic comes through");
    input.iter().collect()
}

#[process]
fn sends_three(out: Sender<u32>) -> [Result<(), Stopped>; 3] {
    here_with("pair");
    [out.send(1), out.send(2), out.send(3)]
}

/// S33: the sender is released, and the channel is not poisoned.
fn a_body_that_panics_releases_the_sender() {
    let (out, input) = channel();
    let (sent, got) = par! { sends_three(out), panics_in_the_body(input) };
    assert_eq!(sent, [Ok(()), Ok(()), Ok(())]);
    assert_eq!(got, [3]);
}

#[process]
fn leaves_the_body(input: Receiver<u32>, failing: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    loop {
        alt! { input ?? value => if value == 1 { break } }
    }
    let inner = || -> Result<(), Stopped> {
        alt! { input ?? value => { assert_eq!(value, 2); failing.recv()?; unreachable!() } }
    };
    retired(inner());
    alt! { input ?? value => return Ok(value) }
}

fn a_body_that_leaves_releases_the_sender() {
    let ((out, input), (failing_out, failing)) = (channel(), channel());
    drop(failing_out);
    let (sent, got) = par! { sends_three(out), leaves_the_body(input, failing) };
    assert_eq!(sent, [Ok(()), Ok(()), Ok(())]);
    assert_eq!(got, Ok(3));
}

#[process]
fn poisons_in_the_body(input: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    input.recv_with(|value| {
        input.poison();
        value
    })
}

/// The communication was committed before the poison came.
fn a_body_that_poisons_its_channel_still_gives_ok() {
    let (out, input) = channel();
    let (sent, got) = par! { sends_three(out), poisons_in_the_body(input) };
    assert_eq!(got, Ok(1));
    let [first, second, third] = sent;
    assert_eq!(first, Ok(()));
    poisoned(second);
    poisoned(third);
}

#[process]
fn doubles_through_a_server(input: Receiver<u32>, question: Sender<u32>, answer: Receiver<u32>, out: Sender<u32>) {
    here();
    loop {
        let double = input.recv_with(|value| {
            question.send(value)?;
            answer.recv()
        })??;
        out.send(double)?;
    }
}

#[process]
fn doubles(question: Receiver<u32>, answer: Sender<u32>) {
    here();
    for value in &question {
        answer.send(2 * value)?;
    }
}

fn a_body_may_communicate() {
    let count = scale(100, 10) as u32;
    let ((out, input), (question_out, question_in), (answer_out, answer_in), (result_out, result_in)) =
        (channel(), channel(), channel(), channel());
    let (_, _, _, got) = par! {
        source((0..count).collect(), out),
        doubles_through_a_server(input, question_out, answer_in, result_out),
        doubles(question_in, answer_out),
        sink(result_in),
    };
    assert!(got.into_iter().eq((0..count).map(|value| 2 * value)));
}

#[process]
fn passes_while_it_holds(input: Receiver<u32>, out: Sender<u32>) {
    here();
    loop {
        input.recv_with(|value| out.send(value))??;
    }
}

#[process]
fn looks_for_an_early_return(done: Receiver<u32>, end: Receiver<u32>, count: u32) {
    here();
    for value in 0..count {
        for _ in 0..10 {
            nobody(done.try_recv());
        }
        assert_eq!(end.recv()?, value);
        assert_eq!(done.recv()?, value);
    }
}

#[process]
fn sends_and_reports(out: Sender<u32>, done: Sender<u32>, count: u32) {
    here();
    for value in 0..count {
        out.send(value)?;
        done.send(value)?;
    }
}

/// Through forwarders that hold their sender, a chain of four channels is one rendezvous.
fn extended_forwarding_keeps_a_chain_synchronous() {
    let count = scale(40, 5) as u32;
    let ((done_out, done), (first_out, first), (second_out, second), (third_out, third), (end_out, end)) =
        (channel(), channel(), channel(), channel(), channel());
    par! {
        sends_and_reports(first_out, done_out, count),
        passes_while_it_holds(first, second_out),
        passes_while_it_holds(second, third_out),
        passes_while_it_holds(third, end_out),
        looks_for_an_early_return(done, end, count),
    };
}

fn extended_input_from_a_buffer() {
    let (out, input) = filled([1, 2, 3]);
    assert_eq!(input.recv_with(|value| value * 10), Ok(10));
    assert_eq!(alt! { input ?? value => value * 10, stopped why => panic!("{why}") }, 20);
    assert_eq!(input.recv_in_place(|value| value * 10), Ok(30));
    assert!(
        (0..3).all(|value| out.try_send(value).is_ok()) && out.try_send(3).is_err(),
        "the three places are free again"
    );
}

#[process]
fn measures_in_place(input: Receiver<Vec<u64>>) -> Result<(usize, u64), Stopped> {
    here();
    let mut all = (0, 0);
    loop {
        match input.recv_in_place(|values: &Vec<u64>| (values.len(), values.iter().sum::<u64>())) {
            Ok((len, sum)) => all = (all.0 + len, all.1 + sum),
            Err(why) => {
                assert!(why.is_retired());
                return Ok(all);
            }
        }
    }
}

fn reading_in_place() {
    let (out, input) = channel();
    let ((), got) =
        par! { source((0..10).map(|length| vec![length; length as usize]).collect(), out), measures_in_place(input) };
    assert_eq!(got, Ok((45, (0..10).map(|n| n * n).sum())));
}

/// Looks at some, takes others.
#[process]
fn looks_and_takes<T: csp::Message + Clone + PartialEq>(input: Receiver<T>, sent: Vec<T>) -> Result<Vec<T>, Stopped> {
    here();
    let mut copies = Vec::new();
    for (turn, message) in sent.iter().enumerate() {
        copies.push(match turn % 3 {
            0 => input.recv_in_place(|value| (value == message).then(|| value.clone()))?.expect("as it was sent"),
            1 => input.recv_with(|value| value)?,
            _ => alt! { input ?? value => value, stopped why => return Err(why) },
        });
    }
    let panicked = catch_unwind(AssertUnwindSafe(|| input.recv_in_place(|_| panic!("looks no longer"))));
    assert!(panicked.is_err());
    Ok(copies)
}

fn looked_at<T: csp::Message + Clone + PartialEq + std::fmt::Debug>(messages: Vec<T>) {
    for (out, input) in [channel(), channel::buffered(2)] {
        let all = [messages.clone(), vec![messages[0].clone()]].concat();
        let ((), got) = par! { source(all, out), looks_and_takes(input, messages.clone()) };
        assert_eq!(got.as_ref(), Ok(&messages));
    }
}

fn reading_in_place_whatever_it_is() {
    looked_at((0..9).map(|n| vec![f64::from(n); 1 << n]).collect());
    looked_at((0..9).map(|n| vec![u128::from(n as u32); n]).collect());
    looked_at((0..9_u8).map(|n| vec![n; usize::from(n) << 14].into_boxed_slice()).collect());
    looked_at((0..9).map(|n| vec!["word".repeat(n); n]).collect());
    looked_at((0..9).map(|n| "word".repeat(n * 20)).collect());
    looked_at((0..9_u64).map(|n| [n; 40]).collect());
    looked_at(vec![Vec::<()>::new(), vec![(); 3]]);
}

fn extended_input_of_a_stopped_channel_runs_no_body() {
    let (out, input) = channel::<u32>();
    drop(out);
    retired(input.recv_with(|_| panic!("no value, no body")));
    retired(input.recv_in_place(|_| panic!("no value, no body")));
    let (out, input) = channel::<u32>();
    out.poison();
    poisoned(input.recv_with(|_| panic!("no value, no body")));
    poisoned(input.recv_in_place(|_| panic!("no value, no body")));
}

#[process]
fn chooses_and_tells(out: Sender<u32>, never: Receiver<()>, events: Sender<(bool, u32)>, count: u32) {
    here();
    for value in 0..count {
        alt! {
            never ? () => panic!("nobody sends here"),
            out ! value => events.send((true, value))?,
        }
    }
}

fn a_choosing_sender_waits_for_the_body() {
    let count = scale(100, 10) as u32;
    let ((out, input), (_hold, never), (events_out, events)) = (channel(), channel(), channel());
    let (_, _, got) = par! {
        chooses_and_tells(out, never, events_out.clone(), count),
        tells_during_the_body(input, events_out),
        sink(events),
    };
    assert!(got.into_iter().eq((0..count).flat_map(|value| [(false, value), (true, value)])));
}
