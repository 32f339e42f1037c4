//! `par!` and `seq!`: evaluation, outputs, replication, borrowing, nesting.

use std::cell::RefCell;

use csp::prelude::*;

use super::support::{nobody, panic_of, poisoned, retired, sink};
use crate::harness::{here, scale, scenarios};

scenarios![
    branches_are_evaluated_in_order_before_any_starts,
    outputs_come_as_a_tuple,
    one_branch_gives_its_own_output,
    n_copies_use_the_original_and_its_clones,
    zero_copies_drop_the_process,
    a_for_branch_gives_its_outputs_in_order,
    an_empty_for_branch_runs_nothing,
    branches_borrow_from_their_scope,
    mutable_arguments_are_written_in_place,
    inline_blocks_move_what_they_use,
    par_returns_when_all_have_ended,
    two_hundred_levels_of_par,
    par_in_every_branch,
    a_wide_par,
    seq_runs_in_order,
    seq_goes_on_after_an_error,
    seq_stops_at_a_panic,
    run_runs_in_place,
];

#[process]
fn number(value: u32) -> u32 {
    here();
    value
}

fn branches_are_evaluated_in_order_before_any_starts() {
    let log = RefCell::new(Vec::new());
    let (out, input) = channel();
    let note = |step: u32| {
        log.borrow_mut().push(step);
        nobody(input.try_recv()); // no branch is running yet: nobody has sent
        step
    };
    let evaluated = |step: u32| says(note(step), out.clone());
    let mut branches = Vec::new();
    for step in 3..6 {
        branches.push(step);
    }
    let outcome = {
        let log_before = || log.borrow().clone();
        let (a, b, c, d) = par! {
            evaluated(1).named("first"),
            2 * evaluated(2),
            for step in branches => evaluated(step),
            { let (own_out, own_in) = channel(); drop(own_out); retired(sink_one(own_in)); 6 },
        };
        assert_eq!(log_before(), [1, 2, 3, 4, 5]);
        (a, b, c, d)
    };
    assert_eq!(outcome, (1, vec![2, 2], vec![3, 4, 5], 6));
}

fn sink_one(input: Receiver<u32>) -> Result<u32, Stopped> {
    input.recv()
}

/// Tries to be heard while it runs.
#[process]
fn says(step: u32, out: Sender<u32>) -> u32 {
    here();
    let _ = out.try_send(step);
    step
}

fn outputs_come_as_a_tuple() {
    let (a, b, (), d, e) = par! { number(1), number(2), {}, { "text".to_string() }, number(5).catch() };
    assert_eq!((a, b, d.as_str(), e.ok()), (1, 2, "text", Some(5)));
}

fn one_branch_gives_its_own_output() {
    assert_eq!(par! { number(7) }, 7);
    assert_eq!(par! { 2 * number(7) }, [7, 7]);
    assert_eq!(seq! { number(8) }, 8);
}

fn n_copies_use_the_original_and_its_clones() {
    let (out, input) = channel();
    let (_, mut got) = par! { 5 * says_patiently(out, 3), sink(input) };
    got.sort_unstable();
    assert_eq!(got, [3; 5], "and the channel is retired: no sender was left over");
}

/// Says one word to whoever listens.
#[process]
pub(super) fn says_patiently(out: Sender<u32>, value: u32) {
    here();
    out.send(value)?;
}

fn zero_copies_drop_the_process() {
    let (out, input) = channel();
    let (none, got) = par! { 0 * says_patiently(out, 3), sink(input) };
    assert_eq!((none.len(), got.len()), (0, 0));
}

fn a_for_branch_gives_its_outputs_in_order() {
    let words = ["a", "b", "c"].map(str::to_owned);
    let got = par! { for (at, word) in words.into_iter().enumerate() => length_of(word.repeat(at + 1)) };
    assert_eq!(got, [1, 2, 3]);
    let got = par! { for value in (0..20).rev() => number(value * value) };
    assert!(got.into_iter().eq((0..20).rev().map(|value| value * value)));
}

#[process]
fn length_of(text: String) -> usize {
    here();
    text.len()
}

fn an_empty_for_branch_runs_nothing() {
    let nobody = 0;
    let (none, one) = par! { for value in 0..nobody => number(value), number(1) };
    assert_eq!((none.len(), one), (0, 1));
}

#[process]
fn sum_of(values: &[u64]) -> u64 {
    here();
    values.iter().sum()
}

fn branches_borrow_from_their_scope() {
    let values: Vec<u64> = (0..1000).collect();
    let (left, right) = values.split_at(500);
    let (a, b, all) = par! { sum_of(left), sum_of(right), { left.len() + right.len() } };
    assert_eq!((a + b, all), (499_500, 1000));
    let shared = String::from("shared");
    let text = &shared;
    let lengths = par! { 3 * length_of_borrowed(text), { text.len() } };
    assert_eq!(lengths, (vec![6; 3], 6));
    assert_eq!(shared, "shared");
}

#[process]
fn length_of_borrowed(text: &str) -> usize {
    here();
    text.len()
}

#[process]
fn fills(row: &mut [u32], value: u32) {
    here();
    row.fill(value);
}

#[process]
fn doubles_in_place(total: &mut u64, input: Receiver<u64>) {
    here();
    for value in &input {
        *total += 2 * value;
    }
}

/// S61.
fn mutable_arguments_are_written_in_place() {
    let mut picture = vec![0; 12];
    par! { for (number, row) in (1..).zip(picture.chunks_mut(3)) => fills(row, number) };
    assert_eq!(picture, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);

    let (mut left, mut right) = (0, 100);
    let ((left_out, left_in), (right_out, right_in)) = (channel(), channel());
    par! {
        doubles_in_place(&mut left, left_in),
        doubles_in_place(&mut right, right_in),
        { (1..=4).for_each(|value| { left_out.send(value).unwrap(); right_out.send(10 * value).unwrap() }) },
    };
    assert_eq!((left, right), (20, 300));
}

fn inline_blocks_move_what_they_use() {
    let ((out, input), text) = (channel(), String::from("moved"));
    let kept = 5;
    let (length, (), got) = par! {
        { text.len() },
        move(out, kept) { out.send(kept)?; out.send(kept + 1)?; },
        sink(input),
    };
    assert_eq!((length, got), (5, vec![5, 6]));
    let ((out, input), (late_out, late)) = (channel::<u32>(), channel::buffered(1));
    drop(out);
    let (ended, ()) = par! { number(1), { input.recv()?; late_out.send(()).unwrap(); } };
    assert_eq!(ended, 1);
    retired(late.recv()); // `?` ended the block quietly
}

#[process]
fn counts_down(from: u32, done: Sender<u32>) {
    here();
    for _ in 0..from {
        csp::yield_now();
    }
    done.send(from)?;
}

fn par_returns_when_all_have_ended() {
    let (done_out, done) = channel::buffered(10);
    par! { for from in 0..10 => counts_down(100 * from, done_out.clone()) };
    drop(done_out);
    assert_eq!(done.iter().count(), 10, "each had said so before the par! returned");
}

#[process]
fn goes_down(depth: u32, out: Sender<u32>) -> u32 {
    here();
    if depth == 0 {
        out.send(0).unwrap();
        return 0;
    }
    let (below, ()) = par! { goes_down(depth - 1, out), {} };
    below + 1
}

fn two_hundred_levels_of_par() {
    let (out, input) = channel();
    let (depth, got) = par! { goes_down(scale(200, 200) as u32, out), sink(input) };
    assert_eq!((depth, got), (200, vec![0]));
}

#[process]
fn grows(depth: u32, leaves: Sender<u32>) -> u32 {
    here();
    if depth == 0 {
        leaves.send(1).unwrap();
        return 1;
    }
    let (a, b, c) =
        par! { grows(depth - 1, leaves.clone()), grows(depth - 1, leaves.clone()), grows(depth - 1, leaves) };
    a + b + c
}

fn par_in_every_branch() {
    let depth = scale(4, 3) as u32;
    let (out, input) = channel();
    let (leaves, got) = par! { grows(depth, out), sink(input) };
    assert_eq!((leaves, got.len()), (3u32.pow(depth), 3usize.pow(depth)));
}

fn a_wide_par() {
    let width = scale(200, 60) as u32;
    let (out, input) = channel();
    let (_, got, ()) = par! { for value in 0..width => says_patiently(out.clone(), value), sink(input), { drop(out) } };
    assert_eq!(got.iter().sum::<u32>(), width * (width - 1) / 2);
}

fn seq_runs_in_order() {
    let (out, input) = channel::buffered(10);
    let (a, b, list, last) = seq! {
        says_then(1, &out),
        says_then(2, &out),
        for step in 3..6 => says_then(step, &out),
        2 * says_then(6, &out),
    };
    assert_eq!((a, b, list, last), (1, 2, vec![3, 4, 5], vec![6, 6]));
    assert!((0..7).map(|_| input.recv().unwrap()).eq([1, 2, 3, 4, 5, 6, 6]));
}

#[process]
fn says_then(step: u32, out: &Sender<u32>) -> u32 {
    here();
    out.send(step).unwrap();
    step
}

#[process]
fn fails() -> Result<u32, Stopped> {
    here();
    Err(Stopped::Retired)
}

fn seq_goes_on_after_an_error() {
    let (first, second) = seq! { fails(), number(2) };
    assert_eq!((first, second), (Err(Stopped::Retired), 2));
}

#[process]
fn panics() {
    here();
    panic!("on purpose");
}

fn seq_stops_at_a_panic() {
    let (out, input) = channel();
    let message = panic_of(|| seq! { number(1), panics(), says_patiently(out, 3) });
    assert!(message.contains("panics") && message.contains("on purpose"), "{message}");
    poisoned(input.recv()); // the third never ran: the panic dropped its ends
}

fn run_runs_in_place() {
    assert_eq!(number(3).run(), 3);
    let (out, input) = channel::buffered(1);
    says_patiently(out, 4).named("in place").run();
    assert_eq!(input.recv(), Ok(4));
    retired(input.recv());
}
