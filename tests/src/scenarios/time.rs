//! Timeouts: never early, never starved, withdrawn when something else happens.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use csp::Refusal;
use csp::prelude::*;

use super::support::{filled, nobody};
use crate::harness::{backend_name, first_run, here, scale, scenarios};

scenarios![
    timeouts_are_never_early(main_only),
    the_earliest_enabled_timeout_fires(main_only),
    a_deadline_in_the_past_does_not_wait(main_only),
    ten_sleepers_wake_none_early,
    communication_of_others_does_not_starve_a_timeout,
    a_thousand_timeouts_beside_talk_are_never_early_and_hardly_late,
    a_timeout_guard_starts_anew_each_time(main_only),
    the_longest_timeout_is_no_overflow(main_only),
    a_ready_partner_beats_a_long_timeout,
    a_timeout_that_loses_leaves_nothing_behind,
    timeouts_race_with_partners,
];

const SHORT: Duration = Duration::from_millis(3);
const LONG: Duration = Duration::from_secs(600);

fn timeouts_are_never_early() {
    let (out, input) = channel::<u32>();
    let begun = Instant::now();
    assert!(matches!(input.recv_timeout(SHORT), Err(Refusal::TimedOut)));
    assert!(begun.elapsed() >= SHORT, "recv_timeout");

    let begun = Instant::now();
    assert!(matches!(out.send_timeout(1, SHORT).unwrap_err().reason, Refusal::TimedOut));
    assert!(begun.elapsed() >= SHORT, "send_timeout");

    let deadline = Instant::now() + SHORT;
    assert!(matches!(input.recv_deadline(deadline), Err(Refusal::TimedOut)));
    assert!(Instant::now() >= deadline, "recv_deadline");

    let deadline = Instant::now() + SHORT;
    assert!(matches!(out.send_deadline(1, deadline).unwrap_err().reason, Refusal::TimedOut));
    assert!(Instant::now() >= deadline, "send_deadline");

    let begun = Instant::now();
    alt! { input ? _ => panic!("nobody sends"), after SHORT => {}, stopped why => panic!("{why}") }
    assert!(begun.elapsed() >= SHORT, "after a Duration");

    let deadline = Instant::now() + SHORT;
    pri_alt! { after deadline => {}, input ? _ => panic!("nobody sends"), stopped why => panic!("{why}") }
    assert!(Instant::now() >= deadline, "after an Instant");

    let begun = Instant::now();
    alt! { after SHORT => {}, stopped why => panic!("{why}") }
    assert!(begun.elapsed() >= SHORT, "nothing but a timeout");
}

/// S25: all combinations of three switched timeouts and a longer last one.
fn the_earliest_enabled_timeout_fires() {
    for enabled in 0..8 {
        let on = |which: u32| which == 3 || enabled & (1 << which) != 0;
        let earliest = (0..).find(|&which| on(which)).unwrap();
        let begun = Instant::now();
        // Those that are off have expired already; those after the earliest are too far off for any lateness to matter.
        let deadline = |which: u32| match () {
            () if !on(which) => begun,
            () if which == earliest => begun + Duration::from_millis(1),
            () => begun + LONG * (1 + which),
        };
        let fired = alt! {
            (on(0)) & after deadline(0) => 0,
            (on(1)) & after deadline(1) => 1,
            (on(2)) & after deadline(2) => 2,
            after deadline(3) => 3,
            stopped why => panic!("{why}"),
        };
        assert_eq!(fired, earliest, "enabled: {enabled:03b}");
        assert!(begun.elapsed() >= Duration::from_millis(1));
        assert!(begun.elapsed() < LONG);
    }
}

/// S27.
fn a_deadline_in_the_past_does_not_wait() {
    let (out, input) = channel::<u32>();
    let begun = Instant::now();
    let past = begun.checked_sub(Duration::from_secs(1)).unwrap_or(begun);
    for _ in 0..10 {
        alt! { input ? _ => panic!("nobody sends"), after past => {}, stopped why => panic!("{why}") }
        alt! { after LONG => panic!("the other has passed"), after past => {}, stopped why => panic!("{why}") }
        assert!(matches!(input.recv_deadline(past), Err(Refusal::TimedOut)));
        assert!(matches!(out.send_deadline(1, past).unwrap_err().reason, Refusal::TimedOut));
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
    let (_out, input) = filled([1]);
    assert_eq!(input.recv_deadline(past).ok(), Some(1), "a value that is there is taken even so");
}

#[process]
fn sleeps_until_its_deadline(never: Receiver<()>, wait: Duration) -> bool {
    here();
    let deadline = Instant::now() + wait;
    let outcome = never.recv_deadline(deadline);
    matches!(outcome, Err(Refusal::TimedOut)) && Instant::now() >= deadline
}

/// S27.
fn ten_sleepers_wake_none_early() {
    let (hold, never) = channel();
    let in_time = par! { for number in 0..10 => sleeps_until_its_deadline(never.clone(), Duration::from_micros(300 * (number * 7 % 10))) };
    assert_eq!(in_time, [true; 10]);
    drop(hold);
}

#[process]
fn talks_for_ever(out: Sender<u64>, input: Receiver<u64>, first: bool) {
    here();
    if first {
        out.send(0)?;
    }
    for value in &input {
        out.send(value + 1)?;
    }
}

#[process]
fn ends_the_talk_after(never: Receiver<()>, wait: Duration, talk: Sender<u64>) {
    here();
    alt! { never ? () => panic!("nobody sends"), after wait => talk.poison() }
}

/// If talk starved timeouts (as among PyCSP's greenlets), this would never end.
fn communication_of_others_does_not_starve_a_timeout() {
    let ((there_out, there_in), (back_out, back_in), (_hold, never)) = (channel(), channel(), channel());
    let begun = Instant::now();
    par! {
        talks_for_ever(there_out.clone(), back_in, true),
        talks_for_ever(back_out, there_in, false),
        ends_the_talk_after(never, SHORT, there_out),
    };
    assert!(begun.elapsed() >= SHORT);
}

/// How late each of `rounds` timeouts comes, in microseconds.
#[process]
fn measures_lateness(never: Receiver<()>, wait: Duration, rounds: usize) -> Vec<u64> {
    here();
    let mut lateness = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let deadline = Instant::now() + wait;
        alt! { never ? () => panic!("nobody sends"), after deadline => {}, stopped why => panic!("{why}") }
        lateness.push(late(deadline));
    }
    lateness
}

/// How late it is now.
#[track_caller]
fn late(deadline: Instant) -> u64 {
    let late = Instant::now().checked_duration_since(deadline).expect("never early");
    late.as_micros().try_into().expect("shorter than the universe's age")
}

#[process]
fn measures_many(never: Receiver<()>, wait: Duration, sleepers: usize, rounds: usize, talk: Sender<u64>) -> Vec<u64> {
    here();
    let lateness = par! { for _ in 0..sleepers => measures_lateness(never.clone(), wait, rounds) };
    talk.poison();
    lateness.concat()
}

/// Beside them as many operating system's threads sleep as often: what these are late is the machine's, not ours. What is asked
/// of us, 5 ms more than the latest of them and not once later, a quiet machine has to show, in a release build:
/// `csp-bench timers`, which `csp-bench check` bounds. Here a busy machine fails nobody, so a few may be later; the figures are told:
///
/// `cargo test -p csp-tests --release --test conformance -- --run NAME --backend coroutines`
fn a_thousand_timeouts_beside_talk_are_never_early_and_hardly_late() {
    let (wait, sleepers, rounds) = match first_run() {
        true => (Duration::from_millis(50), scale(100, 10), scale(10, 1)),
        false => (SHORT, scale(10, 3), 1),
    };
    let ((there_out, there_in), (back_out, back_in), (_hold, never)) = (channel(), channel(), channel());
    let (mut ours, mut threads) = thread::scope(|s| {
        // They neither begin nor end while somebody forks: std holds a lock then, which a child that starts a thread would find locked for ever.
        let (all_begun, over) = (Arc::new(Barrier::new(sleepers + 1)), Arc::new(Barrier::new(sleepers + 1)));
        let start = |_| {
            let (all_begun, over) = (all_begun.clone(), over.clone());
            s.spawn(move || {
                all_begun.wait();
                let sleep = |_| {
                    let deadline = Instant::now() + wait;
                    thread::sleep(wait);
                    late(deadline)
                };
                let lateness: Vec<u64> = (0..rounds).map(sleep).collect();
                over.wait();
                lateness
            })
        };
        let threads: Vec<_> = (0..sleepers).map(start).collect();
        all_begun.wait();
        let ((), (), ours) = par! {
            talks_for_ever(there_out.clone(), back_in, true),
            talks_for_ever(back_out, there_in, false),
            measures_many(never, wait, sleepers, rounds, there_out),
        };
        over.wait();
        let threads: Vec<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        (ours, threads)
    });
    assert_eq!((ours.len(), threads.len()), (sleepers * rounds, sleepers * rounds));
    ours.sort_unstable();
    threads.sort_unstable();
    let (worst, thread_worst) = (ours[ours.len() - 1], threads[threads.len() - 1]);
    let in_time = ours.partition_point(|&late| late <= thread_worst + 5_000);
    let told = format!(
        "{in_time} of {} timeouts of {wait:?} beside talk came at most 5 ms later than a sleeping thread's worst; late by \
         {} µs (median), {worst} µs (worst); the threads by {} µs and {thread_worst} µs",
        ours.len(),
        ours[ours.len() / 2],
        threads[threads.len() / 2],
    );
    if first_run() {
        eprintln!("{}: {told}", backend_name());
        assert!(in_time * 10 >= ours.len() * 9, "{told}");
    }
    assert!(worst < thread_worst + 500_000, "{told}");
}

fn a_timeout_guard_starts_anew_each_time() {
    let (_out, input) = filled([1, 2]);
    let mut values = Vec::new();
    let mut begun = Instant::now();
    loop {
        let value = alt! { input ? value => value, after SHORT => break, stopped why => panic!("{why}") };
        values.push(value);
        begun = Instant::now();
    }
    assert!(begun.elapsed() >= SHORT, "since the last value");
    assert!(values.is_sorted());
}

fn the_longest_timeout_is_no_overflow() {
    let (out, input) = filled([1, 2, 3]);
    assert_eq!(alt! { input ? value => value, after Duration::MAX => 0, stopped why => panic!("{why}") }, 1);
    assert_eq!(input.recv_timeout(Duration::MAX).ok(), Some(2));
    assert!(out.send_timeout(4, Duration::MAX).is_ok());
    assert_eq!(pri_alt! { after Duration::MAX => 0, input ? value => value, stopped why => panic!("{why}") }, 3);
    drop(out);
    assert_eq!(input.recv(), Ok(4));
    assert!(matches!(input.recv_timeout(Duration::MAX), Err(Refusal::Stopped(Stopped::Retired))));
}

#[process]
fn answers(question: Receiver<u32>, answer: Sender<u32>) {
    here();
    for value in &question {
        answer.send(value + 1)?;
    }
}

#[process]
fn asks_with_limits(question: Sender<u32>, answer: Receiver<u32>, rounds: u32) {
    here();
    for value in 0..rounds {
        alt! { question ! value => {}, after LONG => panic!("a partner was there") }
        alt! { after LONG => panic!("a partner was there"), answer ? got => assert_eq!(got, value + 1) }
    }
}

fn a_ready_partner_beats_a_long_timeout() {
    let ((question_out, question_in), (answer_out, answer_in)) = (channel(), channel());
    let begun = Instant::now();
    par! { asks_with_limits(question_out, answer_in, scale(300, 15) as u32), answers(question_in, answer_out) };
    assert!(begun.elapsed() < LONG);
}

/// A timer that was armed for an operation long done must not disturb the next one.
fn a_timeout_that_loses_leaves_nothing_behind() {
    let ((question_out, question_in), (answer_out, answer_in)) = (channel(), channel());
    let ((), ()) =
        par! { armed_then_patient(question_out, answer_in, scale(100, 10) as u32), answers(question_in, answer_out) };
}

#[process]
fn armed_then_patient(question: Sender<u32>, answer: Receiver<u32>, rounds: u32) {
    here();
    for value in 0..rounds {
        let wait = Duration::from_micros(50 * u64::from(value % 5));
        match question.send_timeout(value, wait) {
            Ok(()) => assert_eq!(answer.recv()?, value + 1, "a plain receive knows no timeout"),
            Err(refused) => {
                assert_eq!(refused.value, value);
                nobody(answer.try_recv());
            }
        }
    }
}

#[process]
fn gives_hastily(out: Sender<u32>, count: u32) -> u32 {
    here();
    (0..count)
        .filter(|&value| out.send_timeout(value, Duration::from_micros(u64::from(value % 7) * 20)).is_ok())
        .map(|_| 1)
        .sum()
}

#[process]
fn takes_hastily(input: Receiver<u32>) -> u32 {
    here();
    let mut taken = 0;
    loop {
        match input.recv_timeout(Duration::from_micros(50)) {
            Ok(_) => taken += 1,
            Err(Refusal::TimedOut) => {}
            Err(Refusal::Stopped(why)) => {
                assert!(why.is_retired());
                return taken;
            }
            Err(reason) => panic!("{reason:?}"),
        }
    }
}

/// What the senders believe to have sent is what the receivers have.
fn timeouts_race_with_partners() {
    let (out, input) = channel();
    let (given, taken) = par! { 2 * gives_hastily(out, scale(300, 30) as u32), 2 * takes_hastily(input) };
    assert_eq!(given.iter().sum::<u32>(), taken.iter().sum::<u32>());
}
