//! Retire: the last end of a side goes, and only then does the other side learn of it.

use std::time::Duration;

use csp::Refusal;
use csp::prelude::*;

use super::support::{filled, nobody, retired, sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    the_last_sender_retires_the_channel(main_only),
    the_last_receiver_retires_the_channel(main_only),
    retire_wakes_who_waits_to_receive,
    retire_wakes_who_waits_to_send,
    buffered_values_come_before_retire(main_only),
    nothing_is_lost_when_sources_retire,
    iteration_ends_at_retire,
    a_choice_goes_on_when_one_client_leaves,
    a_choice_ends_when_all_channels_are_retired(main_only),
    a_choice_ends_though_timeouts_remain(main_only),
    a_switched_off_guard_does_not_keep_a_choice_alive(main_only),
    a_choice_of_outputs_ends_with_its_readers,
    a_waiting_choice_notices_the_last_retirement,
    ends_in_any_container_retire_when_dropped(main_only),
    a_process_that_never_ran_retires_its_ends(main_only),
];

fn the_last_sender_retires_the_channel() {
    let (out, input) = channel::<u32>();
    let (second, third) = (out.clone(), out.clone());
    drop(second);
    nobody(input.try_recv());
    third.retire();
    nobody(input.try_recv());
    drop(out);
    retired(input.recv());
    retired(input.clone().recv());
    assert!(matches!(input.try_recv(), Err(Refusal::Stopped(Stopped::Retired))));
    assert!(matches!(input.recv_timeout(Duration::from_secs(600)), Err(Refusal::Stopped(Stopped::Retired))));
}

fn the_last_receiver_retires_the_channel() {
    let (out, input) = channel::<u32>();
    let second = input.clone();
    input.retire();
    assert!(matches!(out.try_send(1).unwrap_err().reason, Refusal::NotReady));
    drop(second);
    retired(out.send(1));
    retired(out.clone().send(1));
    assert!(matches!(out.try_send(1).unwrap_err().reason, Refusal::Stopped(Stopped::Retired)));
}

#[process]
fn receives_until_the_end(input: Receiver<u32>) -> (u32, Option<Stopped>) {
    here();
    let mut count = 0;
    loop {
        match input.recv() {
            Ok(_) => count += 1,
            Err(why) => return (count, Some(why)),
        }
    }
}

fn retire_wakes_who_waits_to_receive() {
    let (out, input) = channel();
    let (got, ()) = par! { 3 * receives_until_the_end(input), source(vec![1, 2, 3, 4, 5], out) };
    assert_eq!(got.iter().map(|(count, _)| count).sum::<u32>(), 5);
    assert!(got.iter().all(|(_, why)| *why == Some(Stopped::Retired)));
}

#[process]
fn gets_its_value_back(out: Sender<u32>, number: u32) -> bool {
    here();
    match out.send_or_return(number) {
        Ok(()) => true,
        Err(refused) => {
            assert_eq!(refused.value, number);
            assert!(matches!(refused.reason, Refusal::Stopped(Stopped::Retired)));
            false
        }
    }
}

#[process]
fn takes_two(input: Receiver<u32>) {
    here();
    input.recv()?;
    input.recv()?;
}

fn retire_wakes_who_waits_to_send() {
    let (out, input) = channel();
    let (sent, ()) = par! { for number in 0..5 => gets_its_value_back(out.clone(), number), takes_two(input) };
    assert_eq!(sent.into_iter().filter(|&sent| sent).count(), 2);
}

fn buffered_values_come_before_retire() {
    let (out, input) = filled([1, 2, 3]);
    drop(out);
    assert_eq!((input.recv(), input.try_recv().ok()), (Ok(1), Some(2)));
    assert_eq!(alt! { input ? value => Some(value), stopped _ => None }, Some(3));
    retired(input.recv());
}

/// Five sources of ten values each, five sinks: always exactly fifty.
fn nothing_is_lost_when_sources_retire() {
    for (out, input) in [channel(), channel::buffered(1), channel::buffered(7)] {
        let (_, got) = par! { 5 * source((0..10).collect(), out), 5 * sink(input) };
        let mut all: Vec<u32> = got.into_iter().flatten().collect();
        all.sort_unstable();
        assert!(all.into_iter().eq((0..50).map(|at| at / 5)));
    }
}

#[process]
fn iterates_in_three_ways(first: Receiver<u32>, second: Receiver<u32>, third: Receiver<u32>) -> [u32; 3] {
    here();
    let mut sums = [0; 3];
    for value in &first {
        sums[0] += value;
    }
    sums[1] = second.iter().sum();
    for value in third {
        sums[2] += value;
    }
    retired(first.recv());
    sums
}

fn iteration_ends_at_retire() {
    let (outs, mut inputs): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
    let third = inputs.remove(2);
    let (_, sums) = par! {
        for out in outs => source(vec![1, 2, 3], out),
        iterates_in_three_ways(inputs.remove(0), inputs.remove(0), third),
    };
    assert_eq!(sums, [6; 3]);
}

#[process]
fn serves_all(clients: Vec<Receiver<u32>>) -> Result<u32, Stopped> {
    here();
    let mut sum = 0;
    loop {
        alt! {
            for client in &clients { client ? value => sum += value }
            stopped why => { assert!(why.is_retired()); return Ok(sum) },
        }
    }
}

/// PyCSP's server died with its first client.
fn a_choice_goes_on_when_one_client_leaves() {
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..5).map(|_| channel()).unzip();
    let (_, sum) = par! {
        for (number, out) in outs.into_iter().enumerate() => source(vec![1; number * scale(20, 3)], out),
        serves_all(inputs),
    };
    assert_eq!(sum, Ok(10 * scale(20, 3) as u32));
}

fn a_choice_ends_when_all_channels_are_retired() {
    let ((first_out, first), (second, second_in)) = (channel::<u32>(), channel::<u32>());
    drop(first_out);
    let chosen = alt! { first ? _ => 1, second ! 1 => 2, after Duration::from_millis(1) => 3, stopped _ => 4 };
    assert_eq!(chosen, 3, "one of two is left");
    drop(second_in);
    let chosen = alt! { first ? _ => 1, second ! 1 => 2, stopped why => { assert!(why.is_retired()); 4 } };
    assert_eq!(chosen, 4);
}

fn a_choice_ends_though_timeouts_remain() {
    let (out, input) = channel::<u32>();
    drop(out);
    let chosen =
        alt! { input ? _ => 1, after Duration::from_secs(600) => 2, stopped why => { assert!(why.is_retired()); 3 } };
    assert_eq!(chosen, 3, "after");
    let chosen = alt! { input ? _ => 1, skip => 2, stopped why => { assert!(why.is_retired()); 3 } };
    assert_eq!(chosen, 3, "skip");
    let chosen =
        pri_alt! { after Duration::ZERO => 2, input ? _ => 1, stopped why => { assert!(why.is_retired()); 3 } };
    assert_eq!(chosen, 3, "an expired timeout");
}

fn a_switched_off_guard_does_not_keep_a_choice_alive() {
    let ((out, input), (_open_out, open)) = (channel::<u32>(), channel::<u32>());
    drop(out);
    let off = false;
    let chosen = alt! { input ? _ => 1, (off) & open ? _ => 2, stopped why => { assert!(why.is_retired()); 3 } };
    assert_eq!(chosen, 3, "only enabled guards count");
}

#[process]
fn offers_to_all(outs: Vec<Sender<u32>>) -> Result<u32, Stopped> {
    here();
    let mut sent = 0;
    loop {
        alt! {
            for out in &outs { out ! 1 => sent += 1 }
            stopped why => { assert!(why.is_retired()); return Ok(sent) },
        }
    }
}

#[process]
fn takes_so_many(input: Receiver<u32>, count: usize) {
    here();
    for _ in 0..count {
        input.recv()?;
    }
}

fn a_choice_of_outputs_ends_with_its_readers() {
    let (outs, inputs): (Vec<_>, Vec<_>) = (0..4).map(|_| channel()).unzip();
    let (sent, _) = par! {
        offers_to_all(outs),
        for (number, input) in inputs.into_iter().enumerate() => takes_so_many(input, 3 * number),
    };
    assert_eq!(sent, Ok(18), "what was sent was received");
}

#[process]
fn chooses_once(inputs: Vec<Receiver<u32>>) -> Result<u32, Stopped> {
    here();
    Ok(alt! { for input in &inputs { input ? value => value } })
}

/// No value ever comes: only the retirements can end the choice.
fn a_waiting_choice_notices_the_last_retirement() {
    for _ in 0..scale(30, 2) {
        let (outs, inputs): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
        let (got, _) = par! { 2 * chooses_once(inputs), for out in outs => source(vec![], out) };
        got.into_iter().for_each(retired);
    }
}

#[expect(dead_code, reason = "only its drop matters")]
enum Holder {
    One { out: Sender<u32> },
    Boxed(Box<dyn FnOnce() + Send>),
}

fn ends_in_any_container_retire_when_dropped() {
    let (out, input) = channel::<u32>();
    let ends = vec![
        Holder::One { out: out.clone() },
        Holder::Boxed(Box::new({
            let out = out.clone();
            move || drop(out)
        })),
    ];
    drop(out);
    nobody(input.try_recv());
    drop(ends);
    retired(input.recv());
}

fn a_process_that_never_ran_retires_its_ends() {
    let (out, input) = channel::<u32>();
    let idle = source(vec![1], out);
    nobody(input.try_recv());
    drop(idle);
    retired(input.recv());
}
