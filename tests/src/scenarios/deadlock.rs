//! Deadlock is reported, not suffered: who waits, for what, on which channel, from which line.

use std::thread;
use std::time::Duration;

use csp::prelude::*;
use csp::{CauseKind, Refusal};

use super::support::{line_of, panic_of, poison_kind, poisoned, sink, source};
use crate::harness::{backend_name, first_run, here, scale, scenarios};

scenarios![
    as_many_tokens_as_elements_deadlock,
    a_ring_that_is_on_all_workers_deadlocks,
    the_report_names_processes_channels_and_lines,
    a_report_names_only_what_is_waited_for,
    crossed_sends_deadlock,
    a_deadlock_is_found_whoever_ends_last,
    a_deadlock_is_found_once_a_foreign_thread_has_ended,
    a_process_that_waits_for_itself,
    choices_that_wait_for_each_other,
    main_waiting_alone_panics(main_only),
    main_choosing_alone_panics(main_only),
    blocked_operations_see_the_deadlock_as_poison,
    a_deadlock_deep_inside_is_raised_outside,
    a_caught_process_in_a_deadlock,
    a_pending_timeout_is_no_deadlock,
    io_in_flight_is_no_deadlock,
    who_has_made_a_blocking_call_is_nobodys_hope,
    a_partial_deadlock_waits_for_the_rest,
    after_a_deadlock_the_program_goes_on,
    philosophers_who_all_take_their_left_fork,
    an_extended_rendezvous_can_deadlock,
    a_forgotten_sender_is_found,
    no_deadlock_is_seen_while_processes_come_and_go,
    a_report_names_as_many_as_one_can_read,
];

/// Holds a token to begin with, and gives before it takes.
#[process]
fn gives_then_takes(input: Receiver<u32>, out: Sender<u32>) {
    here();
    let mut token = 0;
    loop {
        out.send(token)?;
        token = input.recv()?;
    }
}

/// T = N.
fn as_many_tokens_as_elements_deadlock() {
    for size in [2, 3, 8] {
        let (outs, mut inputs): (Vec<_>, Vec<_>) =
            (0..size).map(|number| channel().named(&format!("link {number}"))).unzip();
        inputs.rotate_right(1);
        let links: Vec<_> = inputs.into_iter().zip(outs).collect();
        let report = panic_of(|| {
            par! { for (number, (input, out)) in links.into_iter().enumerate() => gives_then_takes(input, out).named(format!("element {number}")) }
        });
        assert!(report.to_lowercase().contains("deadlock"), "{report}");
        for number in 0..size {
            assert!(
                report.contains(&format!("element {number}")),
                "element {number} of {size} is missing in: {report}"
            );
            assert!(report.contains(&format!("link {number}")), "link {number} of {size} is missing in: {report}");
        }
    }
}

#[process]
fn sends_first(out: Sender<u32>, input: Receiver<u32>) -> Result<(), Stopped> {
    here();
    let _ = out.try_send(0);
    out.send(1)?; //@ sends
    input.recv().map(|_| ())
}

#[process]
fn only_chooses(first: Receiver<u32>, second: Sender<u32>, never: Receiver<u32>) -> Result<(), Stopped> {
    here();
    alt! { //@ chooses
        first ? _ => Ok(()),
        never ? _ => Ok(()),
        (false) & second ! 1 => Ok(()),
    }
}

fn the_report_names_processes_channels_and_lines() {
    let (out, far_in) = channel().named("unread");
    let (never_out, never) = channel().named("unwritten");
    let (first_out, first) = channel(); //@ made
    let (second, second_in) = channel();
    let report = panic_of(|| {
        par! {
            sends_first(out, second_in).named("the sender"),
            only_chooses(first, second, never).named("the chooser"),
        }
    });
    drop((far_in, never_out, first_out));
    for wanted in ["the sender", "the chooser", "unread", "unwritten"] {
        assert!(report.contains(wanted), "«{wanted}» is missing in: {report}");
    }
    for line in ["sends", "chooses", "made"].map(|mark| line_of(include_str!("deadlock.rs"), mark)) {
        assert!(report.contains(&format!("deadlock.rs:{line}")), "line {line} is missing in: {report}");
    }
}

#[process]
fn chooses_among_fewer_and_fewer(inputs: [Receiver<u32>; 3]) -> Result<u32, Stopped> {
    here();
    let [first, second, third] = &inputs;
    let number = alt! { first ? number => number, second ? number => number, third ? number => number };
    let number = alt! { first ? more => number + more, second ? more => number + more };
    alt! { first ? more => Ok(number + more), (false) & second ? more => Ok(number + more) }
}

/// What an earlier choice stood on is forgotten.
fn a_report_names_only_what_is_waited_for() {
    let (first_out, first) = channel();
    let ((_second_out, second), (_third_out, third)) =
        (channel().named("not any more"), channel().named("not any more"));
    let _hold = first_out.clone();
    let report = panic_of(|| {
        par! { chooses_among_fewer_and_fewer([first, second, third]), source(vec![1, 2], first_out) }
    });
    assert!(report.contains("chooses_among_fewer_and_fewer"), "{report}");
    assert!(!report.contains("not any more"), "{report}");
}

/// It is so long that coroutines run in stretches of it, on all workers.
fn a_ring_that_is_on_all_workers_deadlocks() {
    let size = if backend_name() == "coroutines" { 2_500 } else { 25 };
    let (outs, mut inputs): (Vec<_>, Vec<_>) = (0..size).map(|_| channel()).unzip();
    inputs.rotate_right(1);
    let links: Vec<_> = inputs.into_iter().zip(outs).collect();
    let report = panic_of(|| par! { for (input, out) in links => gives_then_takes(input, out) });
    assert!(report.to_lowercase().contains("deadlock"), "{report}");
}

fn crossed_sends_deadlock() {
    let ((a_out, a_in), (b_out, b_in)) = (channel(), channel());
    let report = panic_of(|| par! { sends_first(a_out, b_in), sends_first(b_out, a_in) });
    assert!(report.to_lowercase().contains("deadlock") && report.contains("sends_first"), "{report}");
}

#[process]
fn ends_at_once() {
    here();
}

/// Threads that end together are counted by the system for a moment more. They are nobody's hope.
fn a_deadlock_is_found_whoever_ends_last() {
    for _ in 0..scale(10, 2) {
        let ((a_out, a_in), (b_out, b_in)) = (channel(), channel());
        let report = panic_of(|| {
            par! {
                sends_first(a_out, b_in),
                sends_first(b_out, a_in),
                for _ in 0..4 => ends_at_once().stack_size(256 << 10),
            }
        });
        assert!(report.to_lowercase().contains("deadlock") && !report.contains("ends_at_once"), "{report}");
    }
}

#[process(backend = threads)]
fn ends_late(time: Duration) {
    thread::sleep(time);
}

/// As long as it is there it might send; of its end nobody is told, whatever it has done before.
fn a_deadlock_is_found_once_a_foreign_thread_has_ended() {
    let life = Duration::from_millis(if first_run() { 250 } else { 1 });
    let foreign = thread::spawn(move || thread::sleep(life));
    crossed_sends_deadlock();
    foreign.join().expect("it only sleeps");
    if !first_run() {
        return;
    }
    // All others wait, and look no more, when the last one ends; its thread may end before the foreign one does.
    let foreign = thread::spawn(move || thread::sleep(10 * life));
    let ((a_out, a_in), (b_out, b_in)) = (channel(), channel());
    let report = panic_of(|| par! { sends_first(a_out, b_in), sends_first(b_out, a_in), ends_late(life / 2) });
    assert!(report.to_lowercase().contains("deadlock"), "{report}");
    foreign.join().expect("it only sleeps");
    let (_hold, never) = channel::<u32>();
    let foreign = thread::spawn(move || never.recv_timeout(life));
    crossed_sends_deadlock();
    assert_eq!(foreign.join().expect("it only waits"), Err(Refusal::TimedOut));
}

#[process]
fn holds_both_ends(out: Sender<u32>, input: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    let _out = out;
    input.recv()
}

/// It holds the only sender itself, so its channel is never retired.
fn a_process_that_waits_for_itself() {
    let (out, input) = channel().named("own");
    let report = panic_of(|| par! { holds_both_ends(out, input) });
    assert!(report.contains("holds_both_ends") && report.contains("own"), "{report}");
}

#[process]
fn only_receives(ends: Vec<(Sender<u32>, Receiver<u32>)>) -> Result<u32, Stopped> {
    here();
    Ok(alt! { for (_, input) in &ends { input ? value => value } })
}

fn choices_that_wait_for_each_other() {
    let ends: Vec<_> = (0..3).map(|number| channel().named(&format!("c{number}"))).collect();
    let report = panic_of(|| par! { 3 * only_receives(ends) });
    for name in ["only_receives", "c0", "c1", "c2"] {
        assert!(report.contains(name), "{name} is missing in: {report}");
    }
}

fn main_waiting_alone_panics() {
    let (out, input) = channel::<u32>().named("lonely");
    let report = panic_of(|| input.recv());
    assert!(
        report.to_lowercase().contains("deadlock") && report.contains("lonely") && report.contains("deadlock.rs"),
        "{report}"
    );
    let (other_out, other) = channel::<u32>().named("other");
    let report = panic_of(|| other_out.send(1));
    assert!(report.contains("other"), "{report}");
    drop((out, other));
}

fn main_choosing_alone_panics() {
    let ((out, input), (other_out, other)) = (channel::<u32>().named("one"), channel::<u32>().named("two"));
    let report = panic_of(
        || alt! { input ? _ => {}, other_out ! 1 => {}, stopped why => panic!("main panics itself, it sees no {why}") },
    );
    assert!(report.contains("one") && report.contains("two"), "{report}");
    drop((out, other));
}

#[process]
fn keeps_the_cause(input: Receiver<u32>, spare: Sender<u32>, causes: Sender<bool>) {
    here();
    let kind = poison_kind(input.recv());
    let again = poisoned(input.recv());
    causes.send(kind == CauseKind::Deadlock && again.kind() == CauseKind::Deadlock).unwrap();
    drop(spare);
}

fn blocked_operations_see_the_deadlock_as_poison() {
    let ((a_out, a_in), (b_out, b_in), (causes_out, causes)) = (channel(), channel(), channel::buffered(2));
    let report = panic_of(
        || par! { keeps_the_cause(a_in, b_out, causes_out.clone()), keeps_the_cause(b_in, a_out, causes_out) },
    );
    assert!(report.contains("keeps_the_cause"), "{report}");
    assert!(causes.iter().eq([true, true]), "each branch ran to its end, and knew why");
}

#[process]
fn wraps(depth: u32, out: Sender<u32>, input: Receiver<u32>, ended: Sender<u32>) {
    here();
    match depth {
        0 => drop(holds_both_ends(out, input).run()),
        _ => par! { wraps(depth - 1, out, input, ended.clone()) },
    }
    ended.send(depth)?;
}

fn a_deadlock_deep_inside_is_raised_outside() {
    let ((out, input), (ended_out, ended)) = (channel().named("deep"), channel::buffered(10));
    let report = panic_of(|| par! { wraps(3, out, input, ended_out) });
    assert!(report.contains("deep"), "{report}");
    assert!(ended.iter().eq([0, 1, 2, 3]), "only the outermost par! panics; what is inside ends in its own way");
}

/// `.catch()` catches its own process's panic; the deadlock is the par!'s.
fn a_caught_process_in_a_deadlock() {
    let (out, input) = channel();
    let report = panic_of(|| par! { holds_both_ends(out, input).catch() });
    assert!(report.to_lowercase().contains("deadlock"), "{report}");
}

#[process]
fn waits_with_a_limit(out: Sender<u32>, never: Receiver<u32>, wait: Duration) {
    here();
    alt! { never ? _ => panic!("nobody sends"), after wait => {} }
    assert!(matches!(never.recv_timeout(wait), Err(Refusal::TimedOut)));
    out.send(1)?;
}

fn a_pending_timeout_is_no_deadlock() {
    let ((out, input), (_hold, never)) = (channel(), channel());
    let ((), got) = par! { waits_with_a_limit(out, never, Duration::from_millis(3)), sink(input) };
    assert_eq!(got, [1]);
}

#[io]
fn takes_its_time() -> u32 {
    (0..100).for_each(|_| csp::yield_now());
    thread::sleep(Duration::from_millis(2)); // time for a hasty detector; nothing depends on it
    6
}

#[process]
fn sends_what_io_gives(out: Sender<u32>) {
    here();
    out.send(takes_its_time())?;
}

fn io_in_flight_is_no_deadlock() {
    let (out, input) = channel();
    let ((), got) = par! { sends_what_io_gives(out), sink(input) };
    assert_eq!(got, [6]);
}

#[process]
fn counts_to(limit: u32, out: Sender<u32>) {
    here();
    for value in 0..limit {
        out.send(value)?;
    }
}

#[io]
fn adds_one(number: u32) -> u32 {
    number + 1
}

#[process]
fn calls_then_receives(input: Receiver<u32>, _kept: Sender<u32>) -> Result<u32, Stopped> {
    here();
    let number = adds_one(1);
    Ok(number + input.recv()?)
}

/// The threads that ran the calls are idle, and known to be.
fn who_has_made_a_blocking_call_is_nobodys_hope() {
    let ((left, right_in), (right, left_in)) = (channel(), channel());
    let report = panic_of(|| drop(par! { calls_then_receives(left_in, left), calls_then_receives(right_in, right) }));
    assert!(report.contains("deadlock") && report.matches("waits to receive").count() == 2, "{report}");
}

/// Two are stuck for good while others still work: the work is finished first, then the two are reported.
fn a_partial_deadlock_waits_for_the_rest() {
    let limit = scale(300, 20) as u32;
    let ((a_out, a_in), (b_out, b_in), (out, input), (all_out, all)) =
        (channel(), channel(), channel(), channel::buffered(1));
    let report = panic_of(|| {
        par! {
            sends_first(a_out, b_in).named("stuck one"),
            sends_first(b_out, a_in).named("stuck two"),
            counts_to(limit, out),
            { all_out.send(input.iter().count()).unwrap() },
        }
    });
    assert!(report.contains("stuck one") && report.contains("stuck two") && !report.contains("counts_to"), "{report}");
    assert_eq!(all.recv(), Ok(limit as usize));
}

fn after_a_deadlock_the_program_goes_on() {
    for _ in 0..3 {
        let (out, input) = channel();
        let kept = (out.clone(), input.clone());
        panic_of(|| par! { holds_both_ends(out, input) });
        poisoned(kept.0.send(1));
        drop(kept);
        let (out, input) = channel();
        let ((), got) = par! { source(vec![1, 2, 3], out), sink(input) };
        assert_eq!(got, [1, 2, 3]);
    }
}

#[process]
fn fork(left: Receiver<()>, right: Receiver<()>) {
    here();
    loop {
        alt! {
            left ? () => left.recv()?,
            right ? () => right.recv()?,
        }
    }
}

#[process]
fn philosopher(left: Sender<()>, right: Sender<()>, seated: Sender<()>, all_seated: Receiver<()>) {
    here();
    left.send(())?;
    seated.send(())?;
    all_seated.recv()?;
    right.send(())?;
    unreachable!("the neighbour holds it");
}

#[process]
fn host(seated: Receiver<()>, all_seated: Sender<()>, guests: usize) {
    here();
    for _ in 0..guests {
        seated.recv()?;
    }
    for _ in 0..guests {
        all_seated.send(())?;
    }
}

fn philosophers_who_all_take_their_left_fork() {
    let guests = 5;
    let (lefts, left_ins): (Vec<_>, Vec<_>) =
        (0..guests).map(|number| channel().named(&format!("left of {number}"))).unzip();
    let (rights, mut right_ins): (Vec<_>, Vec<_>) =
        (0..guests).map(|number| channel().named(&format!("right of {number}"))).unzip();
    right_ins.rotate_right(1);
    let ((seated_out, seated), (all_out, all_seated)) = (channel(), channel());
    let report = panic_of(|| {
        par! {
            for (left, right) in left_ins.into_iter().zip(right_ins) => fork(left, right),
            for (number, (left, right)) in lefts.into_iter().zip(rights).enumerate() =>
                philosopher(left, right, seated_out.clone(), all_seated.clone()).named(format!("philosopher {number}")),
            host(seated, all_out, guests),
        }
    });
    for number in 0..guests {
        assert!(report.contains(&format!("philosopher {number}")), "philosopher {number} is missing in: {report}");
        assert!(report.contains(&format!("right of {number}")), "fork {number} is missing in: {report}");
    }
}

#[process]
fn waits_inside_its_body(input: Receiver<u32>, never: Receiver<u32>) {
    here();
    input.recv_with(|_| never.recv())??;
}

#[process]
fn sends_to_a_holder(out: Sender<u32>, _never: Sender<u32>) -> Result<(), Stopped> {
    here();
    out.send(1)
}

/// The sender is committed, so it sees success in the end; the body sees the deadlock.
fn an_extended_rendezvous_can_deadlock() {
    let ((out, input), (never_out, never)) = (channel().named("held"), channel().named("missing"));
    let report = panic_of(|| par! { sends_to_a_holder(out, never_out), waits_inside_its_body(input, never) });
    assert!(report.contains("waits_inside_its_body") && report.contains("missing"), "{report}");
}

/// The classic mistake: main keeps a sender, so the sink waits for ever.
fn a_forgotten_sender_is_found() {
    let (out, input) = channel().named("forgotten");
    let report = panic_of(|| par! { source(vec![1, 2], out.clone()), sink(input) });
    assert!(report.contains("sink") && report.contains("forgotten"), "{report}");
}

/// One `par!` ends while the next begins: at no time do all wait, though each may be seen waiting at a time of its own.
fn no_deadlock_is_seen_while_processes_come_and_go() {
    // A fork takes as long as a hundred threads.
    let rounds = if backend_name() == "processes" { 200 } else { scale(10000, 10) };
    for round in 0..rounds {
        let (out, input) = channel();
        let ((), got) = par! { source(vec![round], out), sink(input) };
        assert_eq!(got, [round]);
    }
    for _ in 0..rounds.div_ceil(1000) {
        let (first, mut left) = channel();
        let mut links = Vec::new();
        for _ in 0..scale(100, 8) {
            let (right, next) = channel();
            links.push((std::mem::replace(&mut left, next), right));
        }
        let ((), _, got) =
            par! { source(vec![1], first), for (input, out) in links => passes_on(input, out), sink(left) };
        assert_eq!(got, [1]);
    }
}

#[process]
fn passes_on(input: Receiver<usize>, out: Sender<usize>) {
    here();
    for value in &input {
        out.send(value)?;
    }
}

fn a_report_names_as_many_as_one_can_read() {
    let (_kept, input) = channel::<usize>();
    let report = panic_of(|| par! { 120 * sink(input) });
    assert_eq!(report.matches("process `sink`").count(), 100, "{report}");
    assert!(report.ends_with("and 20 more"), "{report}");
}
