//! Races: whatever happens when, what senders believe to have sent is what receivers have got.

use std::time::Duration;

use csp::Refusal;
use csp::prelude::*;

use super::support::{lets_others_come, sink};
use crate::harness::{here, scale, scenarios};

scenarios![
    hasty_choices_lose_nothing,
    attempts_lose_nothing,
    receivers_that_leave_lose_nothing,
    poison_races_with_communication,
    a_senders_poison_loses_nothing_of_a_buffer,
    poison_during_an_output_expression,
    a_slow_output_expression_outlasts_its_partners_patience,
    everything_at_once,
];

/// Numbers that look random, the same for the same start.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn short_wait(&mut self) -> Duration {
        Duration::from_micros(self.roll(60))
    }
}

#[process]
fn chooses_hastily_to_send(number: u64, outs: Vec<Sender<u64>>, count: u64) -> Result<u64, Stopped> {
    here();
    let (mut dice, mut sum) = (Dice(number), 0);
    for at in 0..count {
        let value = number * count + at;
        alt! {
            for out in &outs { out ! value => sum += value }
            after dice.short_wait() => {},
        }
    }
    Ok(sum)
}

#[process]
fn chooses_hastily_to_receive(number: u64, inputs: Vec<Receiver<u64>>) -> Result<u64, Stopped> {
    here();
    let (mut dice, mut sum) = (Dice(!number), 0);
    loop {
        alt! {
            for input in &inputs { input ? value => sum += value }
            after dice.short_wait() => {},
            stopped why => { assert!(why.is_retired()); return Ok(sum) },
        }
    }
}

fn hasty_choices_lose_nothing() {
    let count = scale(200, 12) as u64;
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
    let (sent, received, ()) = par! {
        for number in 0..3 => chooses_hastily_to_send(number, outs.clone(), count),
        for number in 0..3 => chooses_hastily_to_receive(number, inputs.clone()),
        { drop((outs, inputs)) },
    };
    assert_eq!(total(sent), total(received));
}

#[track_caller]
fn total(sums: Vec<Result<u64, Stopped>>) -> u64 {
    sums.into_iter().map(Result::unwrap).sum()
}

#[process]
fn attempts_to_send(out: Sender<u64>, count: u64) -> u64 {
    here();
    (0..count).filter(|&value| out.try_send(value).is_ok()).sum()
}

#[process]
fn attempts_to_receive(input: Receiver<u64>) -> u64 {
    here();
    let mut sum = 0;
    loop {
        match input.try_recv() {
            Ok(value) => sum += value,
            Err(Refusal::NotReady) => csp::yield_now(),
            Err(_) => return sum,
        }
    }
}

#[process]
fn sends_all(out: Sender<u64>, count: u64) -> u64 {
    here();
    (0..count).filter(|&value| out.send(value).is_ok()).sum()
}

#[process]
fn adds_up(input: Receiver<u64>) -> u64 {
    here();
    input.iter().sum()
}

/// Attempts meet waiting partners, plain and choosing, and each other's.
fn attempts_lose_nothing() {
    let count = scale(300, 20) as u64;
    for (out, input) in [channel(), channel::buffered(2)] {
        let (attempted, sent, attempting, received, chosen) = par! {
            2 * attempts_to_send(out.clone(), count),
            2 * sends_all(out, count),
            attempts_to_receive(input.clone()),
            adds_up(input.clone()),
            chooses_hastily_to_receive(7, vec![input]),
        };
        let sent = attempted.into_iter().sum::<u64>() + sent.into_iter().sum::<u64>();
        assert_eq!(sent, attempting + received + chosen.unwrap());
    }
}

#[process]
fn takes_some_and_leaves(input: Receiver<u64>, count: u64) -> u64 {
    here();
    (0..count).map_while(|_| input.recv().ok()).sum()
}

#[process]
fn sends_till_nobody_listens(number: u64, out: Sender<u64>) -> Result<u64, Stopped> {
    here();
    let mut sum = 0;
    for at in 0.. {
        match out.send_or_return(1000 * number + at) {
            Ok(()) => sum += 1000 * number + at,
            Err(refused) => {
                assert_eq!(refused.value, 1000 * number + at, "what was not sent comes back");
                assert!(matches!(refused.reason, Refusal::Stopped(Stopped::Retired)));
                break;
            }
        }
    }
    Ok(sum)
}

fn receivers_that_leave_lose_nothing() {
    for _ in 0..scale(10, 1) {
        let (out, input) = channel();
        let (sent, received, ()) = par! {
            for number in 0..3 => sends_till_nobody_listens(number, out.clone()),
            for count in 0..5 => takes_some_and_leaves(input.clone(), 3 * count),
            { drop((out, input)) },
        };
        assert_eq!(total(sent), received.into_iter().sum::<u64>());
    }
}

#[process]
fn sends_till_poisoned(number: u64, out: Sender<u64>, ways: u64) -> Result<u64, Stopped> {
    here();
    let mut sum = 0;
    for at in 0.. {
        let value = 1000 * number + at;
        let sent = match at % ways {
            0 => out.send(value),
            2 => alt! { out ! value => Ok(()), stopped why => Err(why) },
            _ => out.send_timeout(value, Duration::from_secs(600)).map_err(|refused| match refused.reason {
                Refusal::Stopped(why) => why,
                reason => panic!("{reason:?}"),
            }),
        };
        match sent {
            Ok(()) => sum += value,
            Err(why) => {
                assert!(why.is_poisoned());
                break;
            }
        }
    }
    Ok(sum)
}

#[process]
fn receives_till_poisoned(input: Receiver<u64>) -> Result<u64, Stopped> {
    here();
    let mut sum = 0;
    for at in 0.. {
        let got = match at % 3 {
            0 => input.recv(),
            1 => alt! { input ? value => Ok(value), stopped why => Err(why) },
            _ => input.recv_with(|value| value),
        };
        match got {
            Ok(value) => sum += value,
            Err(why) => {
                assert!(why.is_poisoned());
                break;
            }
        }
    }
    Ok(sum)
}

/// A third one poisons at any moment: each communication either happened for both or for neither.
fn poison_races_with_communication() {
    for meetings in 0..scale(20, 2) {
        let (out, input) = channel();
        let (sent, received, ()) = par! {
            for number in 0..2 => sends_till_poisoned(number, out.clone(), 3),
            2 * receives_till_poisoned(input.clone()),
            move(input) {
                lets_others_come(meetings);
                input.poison();
            },
        };
        drop(out);
        assert_eq!(total(sent), total(received));
    }
}

/// A sender's poison lets the buffer drain: all that was sent arrives. (Sent plainly: a choice may have yet to make its message
/// when a receiver finds the buffer empty and the channel poisoned.)
fn a_senders_poison_loses_nothing_of_a_buffer() {
    for n in 1..scale(12, 3) {
        let (out, input) = channel::buffered(n);
        let (sent, received, ()) = par! {
            for number in 0..2 => sends_till_poisoned(number, out.clone(), 2),
            2 * receives_till_poisoned(input),
            { lets_others_come(2 * n); out.poison() },
        };
        assert_eq!(total(sent), total(received), "through a buffer of {n}");
    }
}

/// Makes its value slowly.
#[process]
fn sends_slowly(out: Sender<u64>, count: u64) -> u64 {
    here();
    let mut sum = 0;
    for value in 1..=count {
        let sent = alt! {
            out ! { (0..value % 7 * 10).for_each(|_| csp::yield_now()); value } => true,
            stopped _ => false,
        };
        if !sent {
            break;
        }
        sum += value;
    }
    sum
}

#[process]
fn poisons_soon(out: Sender<u64>, turns: usize) {
    here();
    for _ in 0..turns {
        csp::yield_now();
        let _ = out.try_send(0);
    }
    out.poison();
}

/// The guard's body runs only if the receiver has the value, whatever happened while the value was made.
fn poison_during_an_output_expression() {
    for turns in 0..scale(20, 3) {
        let (out, input) = channel();
        let (sent, (), received) =
            par! { sends_slowly(out.clone(), 50), poisons_soon(out, turns), receives_till_poisoned(input) };
        assert_eq!(Ok(sent), received);
    }
}

#[process]
fn receives_impatiently(input: Receiver<u64>) -> u64 {
    here();
    let mut sum = 0;
    loop {
        match input.recv_timeout(Duration::from_micros(1)) {
            Ok(value) => sum += value,
            Err(Refusal::TimedOut) => {}
            Err(_) => return sum,
        }
    }
}

/// A claimed receiver waits for its value though its time is over.
fn a_slow_output_expression_outlasts_its_partners_patience() {
    let (out, input) = channel();
    let (sent, received) = par! { sends_slowly(out, scale(100, 15) as u64), 2 * receives_impatiently(input) };
    assert_eq!(sent, received.into_iter().sum::<u64>());
}

#[process]
fn sends_in_all_ways(number: u64, outs: Vec<Sender<u64>>, count: u64, lost: Sender<u64>) {
    here();
    let mut dice = Dice(number);
    for at in 0..count {
        let value = number * count + at;
        let out = &outs[dice.roll(outs.len() as u64) as usize];
        let gone = match dice.roll(6) {
            0 => out.send(value).is_err(),
            1 => out.try_send(value).is_err(),
            2 => out.send_timeout(value, dice.short_wait()).is_err(),
            3 => alt! { for out in &outs { out ! value => false } after dice.short_wait() => true },
            4 => pri_alt! { for out in &outs { out ! value => false } skip => true },
            _ => alt! { out ! value => false, outs[0] ! value => false },
        };
        if gone {
            lost.send(value)?;
        }
    }
}

#[process]
fn receives_in_all_ways(number: u64, inputs: Vec<Receiver<u64>>, found: Sender<u64>) {
    here();
    let mut dice = Dice(!number);
    loop {
        let input = &inputs[dice.roll(inputs.len() as u64) as usize];
        let wait = dice.short_wait();
        let got = match dice.roll(7) {
            0 => input.try_recv().ok(),
            1 => input.recv_timeout(wait).ok(),
            2 => alt! { for input in &inputs { input ? value => Some(value) } after wait => None },
            3 => pri_alt! { for input in &inputs { input ?? value => Some(value) } skip => None },
            4 => alt! { for input in &inputs { input ?? value => { found.send(value)?; None } } after wait => None },
            _ => alt! { for input in &inputs { input ? value => Some(value) } },
        };
        if let Some(value) = got {
            found.send(value)?;
        }
    }
}

/// All operations, on three channels, one of them buffered: every value is either found once or known to be lost.
fn everything_at_once() {
    let count = scale(150, 10) as u64;
    let (mut outs, mut inputs): (Vec<_>, Vec<_>) = (0..2).map(|_| channel()).unzip();
    let (buffered_out, buffered_in) = channel::buffered(2);
    outs.push(buffered_out);
    inputs.push(buffered_in);
    let ((found_out, found), (lost_out, lost)) = (channel(), channel());
    let (_, _, mut all, not_sent, ()) = par! {
        for number in 0..4 => sends_in_all_ways(number, outs.clone(), count, lost_out.clone()),
        for number in 0..4 => receives_in_all_ways(number, inputs.clone(), found_out.clone()),
        sink(found),
        sink(lost),
        { drop((outs, inputs, found_out, lost_out)) },
    };
    all.extend(not_sent);
    all.sort_unstable();
    assert!(all.into_iter().eq(0..4 * count), "each value once");
}
