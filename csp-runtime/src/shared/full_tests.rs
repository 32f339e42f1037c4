//! A full arena is an error, or a panic that names the setting: no lock stays held, and channels are as they were.
//!
//! Each test runs once more, in a program of its own, whose arena it may fill.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use super::audit::locks_held;
use super::home::Parcel;
use super::{census, recover};
use crate::arena::{Block, Kind, Purpose, arena};
use crate::channel::{
    Immovable, Sender, buffered, channel, hand_over_receiver, hand_over_sender, take_over_receiver, take_over_sender,
};
use crate::error::{Refusal, Stopped};
use crate::message::Mobile;
use crate::process::outcome::message_of;
use crate::rendezvous::core::Side;

const MARK: &str = "CSP_TEST_FULL";

/// True in the program of its own; otherwise that has run, and ended well.
fn is_alone(test: &str) -> bool {
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args(["--exact", &format!("shared::full_tests::{test}"), "--nocapture"])
        .envs([(MARK, "1"), ("CSP_BACKEND", "threads")])
        .env("CSP_MESSAGE_BUFFER", "1MiB")
        .output()
        .expect("this program can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    false
}

/// Takes all there is, large blocks first.
fn fill() -> Vec<Block> {
    let mut taken = Vec::new();
    for bytes in (0..=18).rev().map(|power| 1 << power) {
        while let Ok(block) = arena().allocate(bytes, Kind::Blank, census::me().owner(), Purpose::Certain) {
            taken.push(block);
        }
    }
    taken
}

fn give_back(taken: Vec<Block>) {
    taken.into_iter().for_each(|block| arena().free(block));
}

/// `step` finds no room, says so, and lets go of all locks.
#[track_caller]
fn finds_no_room<R>(step: impl FnOnce() -> R) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(step)) else { panic!("there was room") };
    let text = message_of(&*panic);
    assert!(text.contains("CSP_MESSAGE_BUFFER"), "{text}");
    assert_eq!(locks_held(), 0, "after: {text}");
}

#[test]
fn an_end_that_finds_no_room_on_its_way_is_dropped() {
    if !is_alone("an_end_that_finds_no_room_on_its_way_is_dropped") {
        return;
    }
    let (out, input) = channel::<u32>();
    out.channel().move_to_arena().expect("there is room");
    assert_eq!(input.try_recv(), Err(Refusal::NotReady), "now there is a frame for the next time");
    let taken = fill();
    let copy = out.clone();
    finds_no_room(|| hand_over_sender(copy));
    assert!(matches!(input.try_recv(), Err(Refusal::Stopped(Stopped::Poisoned(_)))), "it was dropped by a panic");
    drop(out);
    give_back(taken);
}

#[test]
fn an_end_that_finds_no_room_where_it_arrives_is_still_there() {
    if !is_alone("an_end_that_finds_no_room_where_it_arrives_is_still_there") {
        return;
    }
    let (out, input) = channel::<u32>();
    out.channel().move_to_arena().expect("there is room");
    let ticket = hand_over_sender(out);
    // Now this process has no end of it, and needs room for whoever comes first.
    let receiver = hand_over_receiver(input);
    let taken = fill();
    finds_no_room(|| take_over_sender::<u32>(ticket));
    give_back(taken);
    let out: Sender<u32> = take_over_sender(ticket).expect("it has not been taken over");
    let input = take_over_receiver::<u32>(receiver).expect("nor has this");
    drop(out);
    assert!(matches!(input.try_recv(), Err(Refusal::Stopped(Stopped::Retired))), "it was the only one");
}

#[test]
fn a_channel_that_finds_no_room_for_its_ends_stays_where_it_is() {
    if !is_alone("a_channel_that_finds_no_room_for_its_ends_stays_where_it_is") {
        return;
    }
    // One block for a channel is free in the end, and none for those who hold its ends.
    let (first, _keep) = channel::<u32>();
    let link = first.channel().move_to_arena().expect("there is room");
    let (out, input) = buffered::<u32>(1);
    out.send(7).expect("a buffer of one");
    let ring = arena()
        .allocate(size_of::<Parcel>(), Kind::Blank, census::me().owner(), Purpose::Certain)
        .expect("there is room");
    let size = size_of_val(&*link);
    let place = arena().allocate(size, Kind::Blank, census::me().owner(), Purpose::Certain).expect("there is room");
    let taken = fill();
    give_back(vec![ring, place]);
    let moved = catch_unwind(AssertUnwindSafe(|| out.channel().move_to_arena().map(drop)));
    assert_eq!(locks_held(), 0);
    assert!(matches!(moved, Ok(Err(Immovable::Full(_)))), "there is no room, and that can be told: {moved:?}");
    assert_eq!(input.try_recv(), Ok(7), "its message is there");
    assert_eq!((out.send(8), input.recv()), (Ok(()), Ok(8)));
    drop(out);
    assert_eq!(input.recv(), Err(Stopped::Retired), "its ends are counted");
    give_back(taken);
}

#[test]
fn ends_come_back_from_a_process_that_does_not_start() {
    if !is_alone("ends_come_back_from_a_process_that_does_not_start") {
        return;
    }
    let ((out, input), (other, _keep)) = (channel::<u32>(), channel::<u32>());
    let [link, other] = [out.channel(), other.channel()].map(|channel| channel.move_to_arena().expect("there is room"));
    let child = census::admit("child", census::me().owner().number()).expect("there is room");
    // The last two take along all that this process has, and with it the holding that they come back to.
    let ends = [(Side::Senders, true), (Side::Receivers, false), (Side::Senders, false)];
    assert_eq!(input.try_recv(), Err(Refusal::NotReady), "now there is a frame for the next time");
    ends.into_iter().for_each(|(side, lent)| link.pass(side, child, lent).expect("there is room"));
    let taken = fill();
    assert!(other.pass(Side::Senders, child, true).is_err(), "there is no room for the other channel's");
    for (side, lent) in ends {
        link.pass_back(side, child, lent);
        assert_eq!(locks_held(), 0);
    }
    recover::bury(child, None);
    census::dismiss(child);
    assert_eq!(input.try_recv(), Err(Refusal::NotReady), "a sender is there");
    drop(out);
    assert_eq!(input.try_recv(), Err(Refusal::Stopped(Stopped::Retired)), "there was one");
    give_back(taken);
}

#[test]
fn a_channel_whose_data_finds_no_room_stays_where_it_is() {
    if !is_alone("a_channel_whose_data_finds_no_room_stays_where_it_is") {
        return;
    }
    // Made where nothing was shared yet.
    let (out, input) = buffered::<(Mobile<[u8]>, Mobile<[u8]>)>(2);
    let few_and_many = |value| (Mobile::filled(10, value), Mobile::filled(300_000, value));
    (1..=2).for_each(|value| out.send(few_and_many(value)).expect("a buffer of two"));
    // There is room for all but the many.
    let some = |power| arena().allocate(1_usize << power, Kind::Blank, census::me().owner(), Purpose::Certain);
    let small = (0..80).map(|number| some(6 + number % 5).expect("there is room")).collect();
    let taken = fill();
    give_back(small);
    let moved = catch_unwind(AssertUnwindSafe(|| out.channel().move_to_arena().map(drop)));
    assert!(matches!(moved, Ok(Err(Immovable::Full(_)))), "there is no room, and that can be told: {moved:?}");
    give_back(taken);
    for value in 1..=2 {
        let (few, many) = input.recv().expect("the message is there");
        assert!((few.len(), many.len()) == (10, 300_000) && many.iter().all(|byte| *byte == value));
    }
    assert_eq!(out.send(few_and_many(3)), Ok(()));
    out.channel().move_to_arena().expect("there is room again");
    assert!(input.recv().is_ok_and(|(few, many)| *few == [3; 10] && many.len() == 300_000));
}
