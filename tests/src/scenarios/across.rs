//! Processes that different threads have launched: coroutines of two threads run on two workers, and talk through a hatch of their channel.
//!
//! Beside those that talk run others that only yield, so that a worker looks at its hatches between their turns.

use std::thread;

use csp::prelude::*;

use super::support::{poisoned, retired};
use crate::harness::{here, scale, scenarios};

scenarios![
    questions_are_answered_across,
    messages_of_all_sizes_cross,
    many_share_a_channel_across,
    choices_meet_plain_operations_across,
    output_choices_meet_plain_operations_across,
    extended_inputs_meet_senders_across,
    timeouts_and_partners_cross,
    an_end_reaches_who_waits_across,
];

/// Runs both at the same time, on a thread each.
fn apart<A: Send, B: Send>(one: impl FnOnce() -> A + Send, two: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|s| {
        let one = s.spawn(one);
        let two = two();
        (one.join().expect("it ends well"), two)
    })
}

#[process]
fn yields(times: usize) {
    here();
    for _ in 0..times {
        csp::yield_now();
    }
}

fn some() -> usize {
    scale(2000, 20)
}

/// Sends each of `values`, waits for the answer, and gives all answers.
#[process]
fn asks<T: Message>(values: Vec<T>, out: Sender<T>, answers: Receiver<T>) -> Result<Vec<T>, Stopped> {
    let mut all = Vec::new();
    for value in values {
        out.send(value)?;
        all.push(answers.recv()?);
    }
    Ok(all)
}

#[process]
fn answers<T: Message>(questions: Receiver<T>, out: Sender<T>) {
    for value in &questions {
        out.send(value)?;
    }
}

/// All `values` go there and come back.
fn there_and_back<T: Message + Clone + PartialEq + std::fmt::Debug>(values: Vec<T>) {
    let ((out, far_in), (far_out, input)) = (channel(), channel());
    let expected = values.clone();
    let times = 4 * values.len();
    let ((back, ()), ((), ())) =
        apart(|| par! { asks(values, out, input), yields(times) }, || par! { answers(far_in, far_out), yields(times) });
    assert_eq!(back, Ok(expected));
}

fn questions_are_answered_across() {
    there_and_back((0..some() as u64).collect());
}

fn messages_of_all_sizes_cross() {
    let count = scale(200, 5) as u64;
    there_and_back(vec![(); count as usize]);
    there_and_back((0..count).map(|n| n as u8).collect());
    there_and_back((0..count).map(|n| (n, n % 2 == 0)).collect());
    there_and_back((0..count).map(|n| (n, n + 1, n + 2)).collect());
    there_and_back((0..count).map(|n| n.to_string()).collect());
    there_and_back((0..count).map(|n| (n.to_string(), Some(n))).collect());
    there_and_back((0..count).map(|n| (n, n + 1, n + 2, n + 3, n + 4)).collect());
}

#[process]
fn sends_all(from: u64, count: u64, out: Sender<u64>) {
    for number in from..from + count {
        out.send(number)?;
    }
}

#[process]
fn takes_all(input: Receiver<u64>) -> Vec<u64> {
    input.iter().collect()
}

/// Each number reaches one receiver, and those of one sender in their order.
fn many_share_a_channel_across() {
    let count = some() as u64;
    let (out, input) = channel();
    let (outs, inputs) = ([out.clone(), out.clone(), out], [input.clone(), input]);
    let ([a, b, c], [d, e]) = (outs, inputs);
    let (_, (left, right, ())) = apart(
        || par! { sends_all(0, count, a), sends_all(count, count, b), sends_all(2 * count, count, c), yields(20) },
        || par! { takes_all(d), takes_all(e), yields(20) },
    );
    for received in [&left, &right] {
        for sender in 0..3 {
            assert!(received.iter().filter(|&&number| number / count == sender).is_sorted());
        }
    }
    let mut all = [left, right].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..3 * count));
}

#[process]
fn chooses(first: Receiver<u64>, second: Receiver<u64>) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        alt! {
            first ? number => all.push(number),
            second ? number => all.push(number),
            stopped why => {
                assert_eq!(why, Stopped::Retired);
                return all;
            }
        }
    }
}

/// One receiver chooses between two channels, another receives from one of them.
fn choices_meet_plain_operations_across() {
    let count = some() as u64;
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    let also_from_a = from_a.clone();
    let (_, (chosen, taken, ())) = apart(
        || par! { sends_all(0, count, a), sends_all(count, count, b), yields(20) },
        || par! { chooses(from_a, from_b), takes_all(also_from_a), yields(20) },
    );
    let mut all = [chosen, taken].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..2 * count));
}

/// Sends each number on whichever channel somebody waits.
#[process]
fn offers(count: u64, first: Sender<u64>, second: Sender<u64>) {
    for number in 0..count {
        alt! {
            first ! number => {},
            second ! number => {},
            stopped why => panic!("{why}"),
        }
    }
}

fn output_choices_meet_plain_operations_across() {
    let count = some() as u64;
    let ((a, from_a), (b, from_b)) = (channel(), channel());
    let also_a = a.clone();
    let (_, (left, right, ())) = apart(
        || par! { offers(count, a, b), sends_all(count, count, also_a), yields(20) },
        || par! { takes_all(from_a), takes_all(from_b), yields(20) },
    );
    let mut all = [left, right].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..2 * count));
}

/// Receives each twice: extended, and as it lies with its sender.
#[process]
fn looks_at_all(input: Receiver<String>) -> Result<usize, Stopped> {
    let mut length = 0;
    loop {
        let one = input.recv_with(|text| text.len());
        let two = one.and_then(|one| input.recv_in_place(|text| one + text.len()));
        match two {
            Ok(two) => length += two,
            Err(Stopped::Retired) => return Ok(length),
            Err(why) => return Err(why),
        }
    }
}

#[process]
fn sends_texts(count: usize, out: Sender<String>) {
    for number in 0..2 * count {
        out.send("x".repeat(number % 10))?;
    }
}

fn extended_inputs_meet_senders_across() {
    let count = some();
    let (out, input) = channel();
    let (_, (length, ())) =
        apart(|| par! { sends_texts(count, out), yields(20) }, || par! { looks_at_all(input), yields(20) });
    let sent: usize = (0..2 * count).map(|number| number % 10).sum();
    assert_eq!(length, Ok(sent));
}

/// Some operations give up at once, some after a while: what was sent arrives, and nothing else.
#[process]
fn sends_if_it_can(count: u64, out: Sender<u64>) -> Result<u64, Stopped> {
    let mut sum = 0;
    for number in 0..count {
        let sent = match number % 3 {
            0 => out.try_send(number).is_ok(),
            1 => out.send_timeout(number, std::time::Duration::from_micros(2)).is_ok(),
            _ => out.send(number).map(|()| true)?,
        };
        sum += if sent { number } else { 0 };
    }
    Ok(sum)
}

fn timeouts_and_partners_cross() {
    let count = some() as u64;
    let (out, input) = channel();
    let ((sent, ()), (received, ())) =
        apart(|| par! { sends_if_it_can(count, out), yields(20) }, || par! { takes_all(input), yields(20) });
    assert_eq!(sent, Ok(received.into_iter().sum()));
}

#[process]
fn waits_for_the_end(input: Receiver<u64>) -> Result<u64, Stopped> {
    let mut got = 0;
    loop {
        match input.recv() {
            Ok(_) => got += 1,
            Err(Stopped::Retired) => return Ok(got),
            Err(why) => return Err(why),
        }
    }
}

#[process]
fn sends_until_the_end(out: Sender<String>) -> (u64, String) {
    let mut sent = 0;
    loop {
        match out.send_or_return(format!("number {sent}")) {
            Ok(()) => sent += 1,
            Err(error) => return (sent, error.value),
        }
    }
}

#[process]
fn takes_some(count: usize, input: Receiver<String>) {
    for _ in 0..count {
        input.recv()?;
    }
}

#[process]
fn sends_and_poisons(count: u64, out: Sender<u64>) {
    for number in 0..count {
        out.send(number)?;
    }
    out.poison();
}

/// Whoever waits, with a message or for one, is told; what was not received comes back.
fn an_end_reaches_who_waits_across() {
    for round in 0..scale(50, 3) as u64 {
        let (out, input) = channel();
        let (_, (got, ())) =
            apart(|| par! { sends_all(0, round, out), yields(5) }, || par! { waits_for_the_end(input), yields(50) });
        assert_eq!(got, Ok(round));

        let (out, input) = channel();
        let (_, (end, ())) = apart(
            || par! { sends_and_poisons(round, out), yields(5) },
            || par! { waits_for_the_end(input), yields(50) },
        );
        poisoned(end);

        let (out, input) = channel();
        let (_, ((sent, value), ())) = apart(
            || par! { takes_some(round as usize, input), yields(5) },
            || par! { sends_until_the_end(out), yields(50) },
        );
        assert_eq!((sent, value), (round, format!("number {round}")));
    }
    let (out, input) = channel::<u64>();
    drop(out);
    retired(input.recv());
}
