//! Poison: immediate, for everybody, stronger than retire; but a committed communication is final.

use std::time::Duration;

use csp::prelude::*;
use csp::{CauseKind, Refusal};

use super::support::{filled, poison_kind, poisoned, retired, send_to_a_waiting};
use crate::harness::{here, scale, scenarios};

scenarios![
    poison_before_use_stops_every_operation(main_only),
    poison_wakes_who_waits_to_send,
    poison_wakes_who_waits_to_receive,
    poison_wakes_who_chooses,
    poison_twice_is_harmless(main_only),
    poison_overrides_retire(main_only),
    poison_reaches_ends_cloned_afterwards(main_only),
    late_poison_after_send,
    late_poison_after_receive,
    late_poison_in_a_choice,
    late_poison_of_an_extended_rendezvous,
    one_of_many_poisons_and_all_see_it,
    poison_comes_before_a_ready_guard(main_only),
    poison_of_a_switched_off_guard_does_not_count(main_only),
    a_choice_catches_poison_with_stopped(main_only),
    the_cause_names_kind_and_process,
    a_sender_left_with_a_reply_channel_is_safe,
];

fn poison_before_use_stops_every_operation() {
    for by_sender in [true, false] {
        let (out, input) = channel::<u32>();
        if by_sender {
            out.poison()
        } else {
            input.poison()
        }
        poisoned(out.send(1));
        poisoned(input.recv());
        assert!(matches!(out.try_send(1).unwrap_err().reason, Refusal::Stopped(Stopped::Poisoned(_))));
        assert!(matches!(input.try_recv(), Err(Refusal::Stopped(Stopped::Poisoned(_)))));
        assert!(matches!(input.recv_timeout(Duration::from_secs(600)), Err(Refusal::Stopped(Stopped::Poisoned(_)))));
        poisoned(input.recv_with(|_| ()));
        assert_eq!(input.iter().next(), None);
        let ended =
            alt! { input ? _ => false, after Duration::from_secs(600) => false, stopped why => why.is_poisoned() };
        assert!(ended, "an input guard");
        let on = input.try_recv().is_err();
        let ended = pri_alt! { (on) & skip => false, out ! 1 => false, stopped why => why.is_poisoned() };
        assert!(ended, "an output guard");
    }
}

#[process]
fn sends_until_stopped(out: Sender<u32>) -> Result<(), Stopped> {
    here();
    loop {
        out.send(1)?;
    }
}

#[process]
fn receives_until_stopped(input: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    loop {
        input.recv()?;
    }
}

fn poison_wakes_who_waits_to_send() {
    let (out, input) = channel();
    let (stopped, ()) = par! { 3 * sends_until_stopped(out), move(input) { input.recv().unwrap(); input.poison() } };
    for one in stopped {
        assert_eq!(poison_kind(one), CauseKind::Explicit);
    }
}

fn poison_wakes_who_waits_to_receive() {
    let (out, input) = channel();
    let (stopped, ()) =
        par! { 3 * receives_until_stopped(input), move(out) { send_to_a_waiting(&out, 1); out.poison() } };
    for one in stopped {
        assert_eq!(poison_kind(one), CauseKind::Explicit);
    }
}

#[process]
fn chooses_until_stopped(out: Sender<u32>, input: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    loop {
        alt! { input ? _ => {}, out ! 1 => {}, after Duration::from_secs(600) => panic!("poison should have woken it") }
    }
}

fn poison_wakes_who_chooses() {
    for which in 0..4 {
        let ((out, far_in), (far_out, input)) = (channel(), channel());
        let (stopped, ()) = par! {
            2 * chooses_until_stopped(out, input),
            {
                send_to_a_waiting(&far_out, 1);
                match which {
                    0 => far_out.poison(),
                    1 => far_in.poison(),
                    2 => far_out.clone().poison(),
                    _ => far_in.clone().poison(),
                }
                drop((far_in, far_out));
            },
        };
        stopped.into_iter().for_each(|one| drop(poisoned(one))); // by this poison, or by the other one's ends
    }
}

fn poison_twice_is_harmless() {
    let (out, input) = channel::<u32>();
    out.poison();
    out.poison();
    input.poison();
    input.clone().poison();
    poisoned(input.recv());
    drop(input);
    poisoned(out.send(1));
}

fn poison_overrides_retire() {
    let (out, input) = channel::<u32>();
    drop(out);
    retired(input.recv());
    input.poison();
    poisoned(input.recv());

    let (out, input) = channel::<u32>();
    input.poison();
    drop(input);
    poisoned(out.send(1));
    out.retire();
}

fn poison_reaches_ends_cloned_afterwards() {
    let (out, input) = channel::<u32>();
    out.poison();
    poisoned(out.clone().send(1));
    poisoned(input.clone().recv());
}

#[process]
fn sends_then_poisons(out: Sender<u32>, count: u32) {
    here();
    for value in 0..count {
        assert_eq!(out.send(value), Ok(()));
    }
    out.poison();
}

#[process]
fn expects_then_poison(input: Receiver<u32>, count: u32, how: u8) {
    here();
    for expected in 0..count {
        let got = match how {
            0 => input.recv(),
            1 => input.recv_with(|value| value),
            2 => Ok(input.recv_timeout(Duration::from_secs(600)).expect("sent before the poison")),
            _ => alt! { input ? value => Ok(value), stopped why => Err(why) },
        };
        assert_eq!(got, Ok(expected), "it was sent before the poison");
    }
    poisoned(input.recv());
}

/// S37: the sender poisons as soon as its send has returned; the receiver must see the value all the same.
fn late_poison_after_send() {
    for how in 0..4 {
        for _ in 0..scale(30, 2) {
            let (out, input) = channel();
            par! { sends_then_poisons(out, 1), expects_then_poison(input, 1, how) };
            let (out, input) = channel::buffered(2);
            par! { sends_then_poisons(out, 5), expects_then_poison(input, 5, how) };
        }
    }
}

#[process]
fn receives_then_poisons(input: Receiver<u32>) {
    here();
    assert_eq!(input.recv(), Ok(1));
    input.poison();
}

#[process]
fn sends_once(out: Sender<u32>, how: u8) -> bool {
    here();
    let sent = match how {
        0 => out.send(1).is_ok(),
        1 => out.send_timeout(1, Duration::from_secs(600)).is_ok(),
        2 => out.send_or_return(1).is_ok(),
        _ => alt! { out ! 1 => true, stopped _ => false },
    };
    poisoned(out.send(2));
    sent
}

/// S37, the other way: the receiver poisons as soon as it has the value; the sender must see success.
fn late_poison_after_receive() {
    for how in 0..4 {
        for _ in 0..scale(30, 2) {
            let (out, input) = channel();
            let (sent, ()) = par! { sends_once(out, how), receives_then_poisons(input) };
            assert!(sent, "it was received before the poison (way {how})");
        }
    }
}

#[process]
fn chooses_then_poisons(ends: Vec<(Sender<u32>, Receiver<u32>)>) -> Result<Option<u32>, Stopped> {
    here();
    let got = alt! {
        for (out, input) in &ends {
            out ! 1 => None,
            input ? value => Some(value),
        }
    };
    for (out, _) in &ends {
        out.poison();
    }
    Ok(got)
}

/// Both choose; whichever side wakes first poisons everything; the other must see the communication.
fn late_poison_in_a_choice() {
    for _ in 0..scale(50, 3) {
        let ends: Vec<_> = (0..3).map(|_| channel()).collect();
        let outcomes = par! { 2 * chooses_then_poisons(ends) };
        let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        assert!(outcomes == [None, Some(1)] || outcomes == [Some(1), None], "{outcomes:?}");
    }
}

#[process]
fn holds_then_poisons(input: Receiver<u32>) {
    here();
    assert_eq!(input.recv_with(|value| value), Ok(1));
    input.poison();
}

fn late_poison_of_an_extended_rendezvous() {
    for how in 0..4 {
        for _ in 0..scale(30, 2) {
            let (out, input) = channel();
            let (sent, ()) = par! { sends_once(out, how), holds_then_poisons(input) };
            assert!(sent, "its value was taken before the poison (way {how})");
        }
    }
}

/// S41.
fn one_of_many_poisons_and_all_see_it() {
    let (out, input) = channel();
    let (senders, receivers, ()) = par! {
        4 * sends_until_stopped(out.clone()),
        4 * receives_until_stopped(input),
        move(out) { out.poison() },
    };
    senders.into_iter().for_each(|one| drop(poisoned(one)));
    receivers.into_iter().for_each(|one| drop(poisoned(one)));
}

fn poison_comes_before_a_ready_guard() {
    let (_ready_out, ready) = filled([1]);
    let (dead, _dead_in) = channel::<u32>();
    dead.poison();
    let stopped = alt! { ready ? _ => false, dead ! 1 => false, stopped why => why.is_poisoned() };
    assert!(stopped, "alt!");
    let stopped = pri_alt! { ready ? _ => false, dead ! 1 => false, stopped why => why.is_poisoned() };
    assert!(stopped, "pri_alt!");
    let stopped = pri_alt! { after Duration::ZERO => false, dead ! 1 => false, stopped why => why.is_poisoned() };
    assert!(stopped, "an expired timeout");
    assert_eq!(ready.try_recv().ok(), Some(1), "the ready guard was not taken");
}

fn poison_of_a_switched_off_guard_does_not_count() {
    let (_ready_out, ready) = filled([1]);
    let (dead_out, dead) = channel::<u32>();
    dead_out.poison();
    let off = false;
    let got = alt! { (off) & dead ? _ => 0, (off) & dead_out ! 2 => 0, ready ? value => value, stopped why => panic!("{why}") };
    assert_eq!(got, 1);
}

fn a_choice_catches_poison_with_stopped() {
    let (out, input) = channel::<u32>();
    out.poison();
    let cause = alt! { input ? _ => None, stopped why => match why { Stopped::Poisoned(cause) => Some(cause), Stopped::Retired => None } };
    assert_eq!(cause.map(|cause| cause.kind()), Some(CauseKind::Explicit));
}

#[process]
fn poisons(out: Sender<u32>) {
    here();
    out.poison();
}

fn the_cause_names_kind_and_process() {
    let (out, input) = channel();
    par! { poisons(out).named("the poisoner") };
    let cause = poisoned(input.recv());
    assert_eq!((cause.kind(), cause.process()), (CauseKind::Explicit, "the poisoner"));
    assert!(cause.to_string().contains("the poisoner"), "{cause}");
    assert!(Stopped::Poisoned(cause).to_string().contains("the poisoner"));
}

#[process]
fn serves(requests: Receiver<(u32, Sender<u32>)>) {
    here();
    for (value, reply) in &requests {
        let _ = reply.send(value + 1);
    }
}

#[process]
fn asks_on_a_short_lived_channel(requests: Sender<(u32, Sender<u32>)>, rounds: u32) {
    here();
    for value in 0..rounds {
        let (reply_out, reply_in) = channel();
        requests.send((value, reply_out))?;
        assert_eq!(reply_in.recv()?, value + 1);
        reply_in.poison();
    }
}

/// S43: the client destroys the reply channel as soon as it has the reply.
fn a_sender_left_with_a_reply_channel_is_safe() {
    let (requests_out, requests_in) = channel();
    par! { 3 * asks_on_a_short_lived_channel(requests_out, scale(300, 10) as u32), serves(requests_in) };
}
