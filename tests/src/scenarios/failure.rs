//! Panics: re-raised with the process's name after all have ended, or caught where that was asked for.

use std::panic::catch_unwind;

use csp::prelude::*;
use csp::{CauseKind, ProcessError};

use super::support::{filled, line_of, panic_of, panic_text, poison_kind, poisoned, retired, sink, source};
use crate::harness::{backend_name, here, scale, scenarios};

scenarios![
    a_panic_is_raised_again_with_the_name_of_its_process,
    a_panic_is_raised_after_all_branches_have_ended,
    of_two_panics_one_is_raised,
    a_panic_wakes_its_neighbours,
    catch_turns_a_panic_into_an_error,
    catch_leaves_an_output_alone,
    a_panic_without_text_keeps_its_payload,
    seven_of_eight_workers_go_on,
    a_caught_panic_may_be_answered_by_a_new_process,
    a_panic_passes_through_nested_pars,
    an_output_expression_that_panics_poisons,
    an_output_expression_that_leaves_poisons,
    an_output_guard_meets_every_kind_of_receiver,
    an_output_expression_may_drop_the_last_sender,
    a_communication_in_an_output_expression_panics(main_only),
    nothing_enabled_is_stop_and_names_the_line(main_only),
    stop_inside_a_process_is_its_panic,
];

#[process]
fn panics(word: &str) {
    here();
    panic!("on purpose: {word}");
}

fn a_panic_is_raised_again_with_the_name_of_its_process() {
    let message = panic_of(|| par! { panics("one") });
    assert!(message.contains("panics") && message.contains("on purpose: one"), "{message}");
    let message = panic_of(|| par! { source(vec![], channel::<u32>().0), panics("two").named("the culprit") });
    assert!(message.contains("the culprit") && message.contains("on purpose: two"), "{message}");
    let message = panic_of(|| panics("three").named("in place").run());
    assert!(message.contains("on purpose: three"), "{message}");
}

#[process]
fn ends_after_the_panic(neighbour: Receiver<u32>, done: Sender<u32>) {
    here();
    poisoned(neighbour.recv()); // so the other has panicked
    done.send(1).unwrap();
}

#[process]
fn panics_holding(out: Sender<u32>) {
    here();
    let _out = out;
    panic!("on purpose");
}

fn a_panic_is_raised_after_all_branches_have_ended() {
    let ((out, input), (done_out, done)) = (channel(), channel::buffered(1));
    panic_of(|| par! { panics_holding(out), ends_after_the_panic(input, done_out) });
    assert_eq!(done.try_recv().ok(), Some(1), "the other branch ran to its end first");
}

fn of_two_panics_one_is_raised() {
    let message = panic_of(|| par! { panics("left"), panics("right") });
    assert!(message.contains("left") || message.contains("right"), "{message}");
    let results = par! { panics("left").catch(), panics("right").catch() };
    assert!(results.0.is_err() && results.1.is_err());
}

fn a_panic_wakes_its_neighbours() {
    let ((out, input), (kind_out, kind)) = (channel(), channel::buffered(1));
    panic_of(|| par! { panics_holding(out), tells_the_kind(input, kind_out) });
    assert_eq!(kind.recv(), Ok((true, "panics_holding".to_string())));
}

#[process]
fn tells_the_kind(input: Receiver<u32>, kind: Sender<(bool, String)>) {
    here();
    let cause = poisoned(input.recv());
    kind.send((cause.kind() == CauseKind::Panicked, cause.process().to_string())).unwrap();
}

fn catch_turns_a_panic_into_an_error() {
    match par! { panics("caught").named("w3").catch() } {
        Err(ProcessError::Panicked { process, message }) => {
            assert_eq!((&*process, &*message), ("w3", "on purpose: caught"));
        }
        other => panic!("should be Panicked, is {other:?}"),
    }
    let error = panics("caught").named("w4").catch().run().unwrap_err();
    assert!(error.to_string().contains("w4") && error.to_string().contains("on purpose: caught"), "{error}");
}

fn catch_leaves_an_output_alone() {
    let (_out, input) = filled([4]);
    let got = par! { first_of(input).catch() };
    assert!(matches!(got, Ok(Ok(4))), "{got:?}");
}

#[process]
fn panics_with_a_number() {
    here();
    std::panic::panic_any(17_u64);
}

fn a_panic_without_text_keeps_its_payload() {
    let payload = catch_unwind(|| par! { panics_with_a_number() }).unwrap_err();
    // To another OS process only text comes through.
    match backend_name() {
        "processes" => assert!(panic_text(&*payload).contains("panics_with_a_number")),
        _ => assert_eq!(payload.downcast_ref::<u64>(), Some(&17)),
    }
    assert!(matches!(par! { panics_with_a_number().catch() }, Err(ProcessError::Panicked { .. })));
}

/// Ways to be the partner of an output guard.
fn receives_by_way(input: &Receiver<u32>, way: u32) -> Result<u32, Stopped> {
    match way {
        0 => input.recv(),
        1 => input.recv_with(|value| value),
        2 => alt! { input ? value => Ok(value), stopped why => Err(why) },
        3 => alt! { input ?? value => Ok(value), stopped why => Err(why) },
        _ => input.recv_in_place(|value| *value),
    }
}

#[process]
fn first_by_way(input: Receiver<u32>, way: u32) -> Result<u32, Stopped> {
    here();
    receives_by_way(&input, way)
}

#[process]
fn first_of(input: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    input.recv()
}

#[process]
fn works(jobs: Receiver<u32>, results: Sender<u32>) {
    here();
    for job in &jobs {
        assert!(job != 13, "job 13 is too much");
        results.send(job * job)?;
    }
}

/// A worker dies of its job; the parent hears of it, and the seven others do the rest.
fn seven_of_eight_workers_go_on() {
    let count = scale(200, 40) as u32;
    let ((jobs_out, jobs_in), (results_out, results_in)) = (channel(), channel());
    let ((), workers, got) = par! {
        source((0..count).collect(), jobs_out),
        8 * works(jobs_in, results_out).catch(),
        sink(results_in),
    };
    let errors: Vec<_> = workers.into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].to_string().contains("too much"));
    let mut got = got;
    got.sort_unstable();
    assert!(got.into_iter().eq((0..count).filter(|&job| job != 13).map(|job| job * job)), "all results but one");
}

fn a_caught_panic_may_be_answered_by_a_new_process() {
    let ((jobs_out, jobs_in), (results_out, results_in)) = (channel(), channel());
    let ((), starts, got) = par! {
        source(vec![1, 13, 2, 13, 13, 3], jobs_out),
        restarts(jobs_in, results_out),
        sink(results_in),
    };
    assert_eq!((starts, got), (4, vec![1, 4, 9]));
}

#[process]
fn restarts(jobs: Receiver<u32>, results: Sender<u32>) -> u32 {
    here();
    let mut starts = 1;
    while (par! { works(jobs.clone(), results.clone()).catch() }).is_err() {
        starts += 1;
    }
    starts
}

#[process]
fn fails_below(depth: u32) {
    here();
    match depth {
        0 => panic!("at the bottom"),
        _ => par! { fails_below(depth - 1) },
    }
}

fn a_panic_passes_through_nested_pars() {
    let message = panic_of(|| fails_below(5).run());
    assert!(message.contains("at the bottom"), "{message}");
    let caught = par! { fails_below(3).catch() };
    assert!(caught.unwrap_err().to_string().contains("at the bottom"));
}

#[process]
fn offers_what_panics(out: Sender<u32>, spare: Sender<u32>) -> Result<(), Stopped> {
    here();
    alt! {
        out ! { if scale(1, 1) == 1 { panic!("no value") } 1 } => Ok(()),
        spare ! 0 => Ok(()),
    }
}

fn an_output_expression_that_panics_poisons() {
    let ((out, input), (spare, _spare_in)) = (channel(), channel());
    let kept = out.clone();
    let (caught, got) = par! { offers_what_panics(out, spare).catch(), first_of(input) };
    assert!(caught.is_err());
    poisoned(got); // it had been claimed, and must not wait for ever
    poisoned(kept.send(1));
}

#[process]
fn offers_a_value(out: Sender<u32>, gone: Receiver<u32>) -> Result<(), Stopped> {
    here();
    alt! { out ! { csp::yield_now(); 5 } => Ok(()), gone ? _ => panic!("nobody sends") }
}

fn an_output_guard_meets_every_kind_of_receiver() {
    for partner in 0..5 {
        let ((out, input), (_keep, gone)) = (channel(), channel());
        let (sent, got) = par! { offers_a_value(out, gone), first_by_way(input, partner) };
        assert_eq!((sent, got), (Ok(()), Ok(5)), "partner {partner}");
    }
}

/// Has no end left when its value is there, or when it panics instead.
#[process]
fn gives_its_end_for_the_value(out: Sender<u32>, gone: Receiver<u32>, fails: bool) -> Result<(), Stopped> {
    here();
    alt! {
        out ! {
            drop(out);
            csp::yield_now();
            assert!(!fails, "no value");
            5
        } => Ok(()),
        gone ? _ => panic!("nobody sends"),
    }
}

#[process]
fn receives_two(input: Receiver<u32>) -> (Result<u32, Stopped>, Result<u32, Stopped>) {
    (input.recv(), input.recv())
}

fn an_output_expression_may_drop_the_last_sender() {
    for fails in [false, true] {
        for receiver_first in [false, true] {
            let ((out, input), (_keep, gone)) = (channel(), channel());
            let (sent, (first, second)) = match receiver_first {
                true => {
                    let (got, sent) =
                        par! { receives_two(input), gives_its_end_for_the_value(out, gone, fails).catch() };
                    (sent, got)
                }
                false => par! { gives_its_end_for_the_value(out, gone, fails).catch(), receives_two(input) },
            };
            assert_eq!(sent.is_err(), fails);
            if fails {
                assert_eq!(poison_kind(first), CauseKind::Abandoned);
                poisoned(second);
            } else {
                assert_eq!(first, Ok(5), "what was claimed comes");
                retired(second);
            }
        }
    }
}

#[process]
fn offers_what_leaves(out: Sender<u32>, gone: Receiver<u32>, way: u32) -> Result<u32, Stopped> {
    here();
    for _ in 0..1 {
        alt! {
            out ! { match way { 0 => break, 1 => gone_value(&gone)?, _ => return Ok(2) } } => {} // no value, no body
        }
    }
    Ok(way)
}

/// An error that is at hand without an operation.
fn gone_value(_gone: &Receiver<u32>) -> Result<u32, Stopped> {
    Err(Stopped::Retired)
}

fn an_output_expression_that_leaves_poisons() {
    for (way, partner) in (0..3).flat_map(|way| (0..5).map(move |partner| (way, partner))) {
        let ((out, input), (_keep, gone)) = (channel(), channel());
        let kept = out.clone();
        let (left, got) = par! { offers_what_leaves(out, gone, way), first_by_way(input, partner) };
        assert_eq!(left, if way == 1 { Err(Stopped::Retired) } else { Ok(way) });
        assert_eq!(poison_kind(got), CauseKind::Abandoned, "way {way}, partner {partner}");
        poisoned(kept.send(1));
    }
}

fn a_communication_in_an_output_expression_panics() {
    let ((out, _input), (_other_out, other)) = (channel::buffered(1), filled([5]));
    let message = panic_of(|| alt! { out ! other.recv().unwrap() => {}, stopped why => panic!("{why}") });
    assert!(!message.is_empty() && !message.contains("unwrap"), "it explains itself: {message}");
    assert_eq!(other.try_recv().ok(), Some(5), "the operation did not happen");
}

fn nothing_enabled_is_stop_and_names_the_line() {
    let at = |mark| format!("failure.rs:{}", line_of(include_str!("failure.rs"), mark));
    let (_out, input) = filled([1]);
    let off = input.try_recv().is_err();
    let message = panic_of(|| {
        alt! { //@ all off
            (off) & input ? _ => {},
            (off) & skip => {},
            stopped why => panic!("no end of channels: {why}"),
        }
    });
    assert!(message.contains(&at("all off")), "{message}");

    let none: [Receiver<u32>; 0] = [];
    let message = panic_of(|| {
        pri_alt! { //@ all empty
            for input in &none { input ? _ => {} }
            stopped why => panic!("no end of channels: {why}"),
        }
    });
    assert!(message.contains(&at("all empty")), "S09: {message}");
}

#[process]
fn chooses_among_none(out: Sender<u32>) {
    here();
    let off = out.try_send(1).is_ok();
    alt! { (off) & out ! 1 => {} }
}

/// S63.
fn stop_inside_a_process_is_its_panic() {
    let (out, input) = channel();
    let (caught, got) = par! { chooses_among_none(out).catch(), first_of(input) };
    match (caught, got) {
        (Err(error), got) => {
            assert!(error.to_string().contains("failure.rs"), "{error}");
            retired(got);
        }
        (Ok(()), got) => assert_eq!(got, Ok(1), "the receiver was waiting already"),
    }
}
