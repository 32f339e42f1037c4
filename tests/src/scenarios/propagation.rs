//! Propagation: a process that ends by poison or panic poisons what it holds; one that ends otherwise retires it.

use std::collections::BTreeMap;

use csp::prelude::*;
use csp::{CauseKind, ProcessError};

use super::support::{counts_up, filled, nobody, panic_of, poison_kind, poisoned, retired};
use crate::harness::{backend_name, here, scenarios};

scenarios![
    poison_passes_through_a_quiet_process,
    poison_reaches_ends_inside_structs,
    poison_reaches_received_ends,
    poison_reaches_ends_made_inside,
    poison_reaches_lent_ends_after_the_body,
    lent_ends_survive_a_normal_end,
    a_later_success_clears_the_mark,
    an_iteration_ended_by_poison_keeps_the_mark,
    a_choice_that_meets_poison_marks_its_process,
    a_result_that_carries_poison_propagates,
    retire_passes_as_retire,
    a_panic_poisons_what_the_process_holds,
    a_panic_poisons_lent_ends_unless_caught,
    a_caught_panic_retires_instead,
    a_caught_process_still_passes_poison_on,
    a_childs_poison_stays_with_the_child,
    a_process_that_ends_early_retires_its_inputs,
    an_upstream_source_ends_by_propagation,
    poison_in_a_spawned_process_propagates,
    poison_goes_both_ways_along_a_pipeline_on_all_workers,
];

/// Its latest operation meets poison; what it holds is dropped after that.
#[process]
fn meets_poison<E: Send>(dead: Receiver<u32>, held: E) {
    here();
    let _held = held;
    dead.recv()?;
    unreachable!("`dead` is poisoned");
}

fn dead_channel() -> Receiver<u32> {
    let (out, input) = channel();
    out.poison();
    input
}

fn poison_passes_through_a_quiet_process() {
    let ((out, far_in), (far_out, input)) = (channel::<u32>(), channel::<u32>());
    par! { meets_poison(dead_channel(), (out, input)) };
    assert_eq!(poison_kind(far_in.recv()), CauseKind::Propagated, "its sender");
    assert_eq!(poison_kind(far_out.send(1)), CauseKind::Propagated, "its receiver");
}

struct Opaque {
    ends: BTreeMap<u32, Box<Sender<u32>>>,
    deep: Option<Vec<(u32, Inner)>>,
}

struct Inner(Receiver<u32>);

fn poison_reaches_ends_inside_structs() {
    let ((out, far_in), (far_out, input)) = (channel(), channel());
    let opaque = Opaque { ends: [(1, Box::new(out))].into(), deep: Some(vec![(2, Inner(input))]) };
    assert!(opaque.ends.len() == 1 && opaque.deep.as_ref().is_some_and(|deep| deep[0].1.0.try_recv().is_err()));
    par! { meets_poison(dead_channel(), opaque) };
    poisoned(far_in.recv());
    poisoned(far_out.send(1));
}

#[process]
fn receives_ends_then_meets_poison(ends: Receiver<Sender<u32>>, dead: Receiver<u32>) {
    here();
    let _first = ends.recv()?;
    let _kept: Vec<_> = vec![ends.recv()?];
    dead.recv()?;
}

/// PyCSP's search of the arguments missed these.
fn poison_reaches_received_ends() {
    let ((first_out, first), (second_out, second), (ends_out, ends_in)) = (channel(), channel(), channel());
    par! {
        receives_ends_then_meets_poison(ends_in, dead_channel()),
        { ends_out.send(first_out).unwrap(); ends_out.send(second_out).unwrap(); },
    };
    poisoned(first.recv());
    poisoned(second.recv());
}

#[process]
fn gives_an_end_away_then_meets_poison(away: Sender<Receiver<u32>>, dead: Receiver<u32>) {
    here();
    let (_made, other) = channel();
    away.send(other)?;
    dead.recv()?;
}

fn poison_reaches_ends_made_inside() {
    let (away_out, away_in) = channel();
    let ((), got) = par! { gives_an_end_away_then_meets_poison(away_out, dead_channel()), { away_in.recv().unwrap() } };
    poisoned(got.recv());
}

#[process]
fn borrows(dead: Receiver<u32>, out: &Sender<u32>, inputs: &[Receiver<u32>], list: &Vec<Sender<u32>>) {
    here();
    assert!(inputs.len() == 1 && list.len() == 1 && out.try_send(1).is_err());
    dead.recv()?;
}

fn poison_reaches_lent_ends_after_the_body() {
    let ((out, input), (slice_out, slice_in), (list_out, list_in)) = (channel(), channel(), channel());
    let (inputs, list) = (vec![slice_in], vec![list_out]);
    par! { borrows(dead_channel(), &out, &inputs, &list) };
    poisoned(input.recv());
    poisoned(slice_out.send(1));
    poisoned(list_in.recv());
}

fn lent_ends_survive_a_normal_end() {
    let ((out, input), (slice_out, slice_in), (list_out, list_in)) =
        (channel::buffered(1), channel::buffered(1), channel::buffered(1));
    let ((hold, empty), inputs, list) = (channel(), vec![slice_in], vec![list_out]);
    drop(hold); // retired: the process ends, but not by poison
    out.send(5).unwrap();
    par! { borrows(empty, &out, &inputs, &list) };
    assert_eq!(input.recv(), Ok(5), "neither poisoned nor retired");
    assert_eq!((slice_out.send(6), inputs[0].recv()), (Ok(()), Ok(6)));
    assert_eq!((list[0].send(7), list_in.recv()), (Ok(()), Ok(7)));
}

#[process]
fn recovers(dead: Receiver<u32>, good: Receiver<u32>, held: Sender<u32>) {
    here();
    poisoned(dead.recv());
    assert_eq!(good.recv()?, 1);
    drop(held);
}

fn a_later_success_clears_the_mark() {
    let ((held, far_in), (_good_out, good)) = (channel(), filled([1]));
    par! { recovers(dead_channel(), good, held) };
    retired(far_in.recv());
}

#[process]
fn iterates_to_the_end(dead: Receiver<u32>, held: Sender<u32>) -> u32 {
    here();
    let _held = held;
    dead.iter().map(|_| 1).sum()
}

fn an_iteration_ended_by_poison_keeps_the_mark() {
    let ((held, far_in), (dead_out, dead)) = (channel(), filled([1, 2]));
    dead_out.poison();
    let count = par! { iterates_to_the_end(dead, held) };
    assert_eq!(count, 2, "a sender's poison lets the buffer drain");
    poisoned(far_in.recv());

    let ((held, far_in), (done_out, done)) = (channel(), filled([1, 2]));
    drop(done_out);
    par! { iterates_to_the_end(done, held) };
    retired(far_in.recv());
}

#[process]
fn chooses_and_meets_poison(dead: Receiver<u32>, other: Receiver<u32>, held: Sender<u32>) -> bool {
    here();
    let _held = held;
    alt! { dead ? _ => false, other ? _ => false, stopped why => why.is_poisoned() }
}

fn a_choice_that_meets_poison_marks_its_process() {
    let ((held, far_in), (other_out, other)) = (channel(), channel());
    assert!(par! { chooses_and_meets_poison(dead_channel(), other, held) });
    poisoned(far_in.recv());
    poisoned(other_out.send(1));
}

#[process]
fn hands_its_error_on(dead: Receiver<u32>, held: Sender<u32>) -> Result<u32, Stopped> {
    here();
    held.try_send(1).unwrap_err();
    dead.recv()
}

fn a_result_that_carries_poison_propagates() {
    let (held, far_in) = channel();
    assert_eq!(poison_kind(par! { hands_its_error_on(dead_channel(), held) }), CauseKind::Explicit);
    assert_eq!(poison_kind(far_in.recv()), CauseKind::Propagated);
}

#[process]
fn meets_the_end(input: Receiver<u32>, held: (Sender<u32>, Receiver<u32>)) {
    here();
    let _held = held;
    input.recv()?;
}

fn retire_passes_as_retire() {
    let ((out, input), (held_out, far_in), (far_out, held_in)) = (channel(), channel(), channel());
    drop(out);
    par! { meets_the_end(input, (held_out, held_in)) };
    retired(far_in.recv());
    retired(far_out.send(1));
}

#[process]
fn panics_holding<E: Send>(held: E) {
    here();
    let _held = held;
    panic!("on purpose");
}

fn a_panic_poisons_what_the_process_holds() {
    let ((out, far_in), (far_out, input)) = (channel::<u32>(), channel::<u32>());
    let message = panic_of(|| par! { panics_holding((out, input)).named("careless") });
    assert!(message.contains("careless") && message.contains("on purpose"), "{message}");
    let cause = poisoned(far_in.recv());
    assert_eq!((cause.kind(), cause.process()), (CauseKind::Panicked, "careless"));
    poisoned(far_out.send(1));
}

#[process]
fn panics_with_a_lent_end(out: &Sender<u32>) {
    here();
    let _lent = out;
    panic!("on purpose");
}

fn a_panic_poisons_lent_ends_unless_caught() {
    let (lent, lent_in) = channel::<u32>();
    assert!(par! { panics_with_a_lent_end(&lent).catch() }.is_err());
    nobody(lent_in.try_recv());
    panic_of(|| par! { panics_with_a_lent_end(&lent) });
    assert_eq!(poison_kind(lent_in.recv()), CauseKind::Panicked);
}

/// Under `.catch()` the parent has the error: neighbours see a graceful end.
fn a_caught_panic_retires_instead() {
    let ((out, far_in), (far_out, input)) = (channel::<u32>(), channel::<u32>());
    let caught = par! { panics_holding((out, input)).named("careless").catch() };
    match caught {
        Err(ProcessError::Panicked { process, message }) => {
            assert_eq!((&*process, &*message), ("careless", "on purpose"))
        }
        other => panic!("should be Panicked, is {other:?}"),
    }
    retired(far_in.recv());
    retired(far_out.send(1));
}

fn a_caught_process_still_passes_poison_on() {
    let (held, far_in) = channel::<u32>();
    let caught = par! { meets_poison(dead_channel(), held).catch() };
    assert!(caught.is_ok(), "poison is no panic");
    poisoned(far_in.recv());
}

#[process]
fn has_a_child_that_meets_poison(own: Sender<u32>, given: Sender<u32>) {
    here();
    par! { meets_poison(dead_channel(), given) };
    drop(own);
}

fn a_childs_poison_stays_with_the_child() {
    let ((own, own_far), (given, given_far)) = (channel(), channel());
    par! { has_a_child_that_meets_poison(own, given) };
    poisoned(given_far.recv());
    retired(own_far.recv());
}

#[process]
fn takes(input: Receiver<u32>, count: usize) -> Vec<u32> {
    here();
    input.iter().take(count).collect()
}

fn a_process_that_ends_early_retires_its_inputs() {
    let (out, input) = channel();
    let ((), got) = par! { counts_up(out), takes(input, 5) };
    assert_eq!(got, [0, 1, 2, 3, 4]);
}

#[process]
fn forwards(input: Receiver<u32>, out: Sender<u32>) {
    here();
    for value in &input {
        out.send(value)?;
    }
}

#[process]
fn poisons_after(input: Receiver<u32>, count: usize) {
    here();
    for _ in 0..count {
        input.recv()?;
    }
    input.poison();
}

/// The wave runs upstream, from the sink through three forwarders to the source.
fn an_upstream_source_ends_by_propagation() {
    let (source_out, mut last) = channel();
    let mut links = Vec::new();
    for _ in 0..3 {
        let (out, input) = channel();
        links.push((std::mem::replace(&mut last, input), out));
    }
    let spy = source_out.clone();
    par! { counts_up(source_out), for (input, out) in links => forwards(input, out), poisons_after(last, 4) };
    poisoned(spy.send(1));
}

fn poison_in_a_spawned_process_propagates() {
    let (held, far_in) = channel::<u32>();
    spawn!(meets_poison(dead_channel(), held)).join();
    poisoned(far_in.recv());
}

#[process]
fn passes_on_until(last: Option<u32>, left: Receiver<u32>, right: Sender<u32>) {
    here();
    for number in &left {
        if last == Some(number) {
            right.poison();
            return;
        }
        right.send(number)?;
    }
}

/// It is so long that coroutines run in stretches of it, on all workers.
fn poison_goes_both_ways_along_a_pipeline_on_all_workers() {
    let size = if backend_name() == "coroutines" { 2_500 } else { 25 };
    let (numbers, mut left) = channel();
    let mut stages = Vec::new();
    for place in 0..size {
        let (right, next) = channel();
        stages.push(passes_on_until((place == size / 2).then_some(3), left, right));
        left = next;
    }
    let (sent, _, (got, end)) = par! {
        move(numbers) { (0..).try_for_each(|number| numbers.send(number)) },
        for stage in stages => stage,
        move(left) { (left.iter().collect::<Vec<_>>(), left.recv()) },
    };
    assert_eq!((got, poison_kind(end)), (vec![0, 1, 2], CauseKind::Propagated));
    retired(sent);
}
