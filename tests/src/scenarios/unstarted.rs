//! Branches that cannot be forked, as the memory to be shared cannot be had or is full: those that run are waited for, and the error says why.

use std::panic::catch_unwind;

use csp::prelude::*;

use super::support::{in_a_program_of_its_own, panic_of};
use crate::harness::{backend_name, here_in_main, scenarios};

scenarios![
    a_par_that_has_no_memory_to_share_waits_for_those_who_run(main_only),
    a_par_whose_memory_to_share_is_full_waits_for_those_who_run(main_only),
    a_process_ends_though_it_could_not_spawn(main_only),
    a_drop_that_panics_in_what_was_not_started_comes_after_the_others(main_only),
];

/// More than any arena may have, so that nothing is tried.
const TOO_MUCH: (&str, &str) = ("CSP_MESSAGE_BUFFER", "100000GiB");

fn is_elsewhere(name: &str, setting: (&str, &str)) -> bool {
    // On one thread nothing is forked; on processes the harness itself needs memory to share.
    let cannot_be = backend_name() == "seeded" || backend_name() == "processes" && setting == TOO_MUCH;
    cannot_be || in_a_program_of_its_own(name, setting).is_some()
}

/// It takes long, so that nobody has finished it by chance.
#[process]
fn writes_slowly(values: &mut Vec<u32>) {
    for value in values {
        (0..1_000).for_each(|_| csp::yield_now());
        *value += 1;
    }
}

#[process]
fn adds(left: u32, right: u32) -> u32 {
    left + right
}

fn a_par_that_has_no_memory_to_share_waits_for_those_who_run() {
    if is_elsewhere("a_par_that_has_no_memory_to_share_waits_for_those_who_run", TOO_MUCH) {
        return;
    }
    refused_after_the_others_have_ended();
}

fn refused_after_the_others_have_ended() {
    let mut values = vec![0; 100];
    let refusal = panic_of(|| {
        par! {
            backend = Backend::Threads;
            writes_slowly(&mut values),
            adds(1, 2).on(Backend::Processes),
            adds(1, 2).on(Backend::Processes),
        }
    });
    for word in ["not all branches", "`adds`", "CSP_MESSAGE_BUFFER"] {
        assert!(refusal.contains(word), "«{word}» is missing in: {refusal}");
    }
    assert_eq!(values, [1; 100], "it has been waited for");
}

fn a_par_whose_memory_to_share_is_full_waits_for_those_who_run() {
    let name = "a_par_whose_memory_to_share_is_full_waits_for_those_who_run";
    if is_elsewhere(name, ("CSP_MESSAGE_BUFFER", "1MiB")) {
        return;
    }
    assert_eq!(par! { backend = Backend::Processes; adds(1, 2) }, 3);
    let mut hoard = Vec::new();
    for bytes in (0..=18).rev().map(|power| 1 << power) {
        while let Ok(data) = catch_unwind(|| Mobile::filled(bytes, 1_u8)) {
            hoard.push(data);
        }
    }
    refused_after_the_others_have_ended();
    drop(hoard);
    assert_eq!(par! { backend = Backend::Processes; adds(1, 2) }, 3, "there is room again");
}

#[process]
fn spawns_what_cannot_start() {
    drop(spawn!(adds(1, 2).on(Backend::Processes)));
}

fn a_process_ends_though_it_could_not_spawn() {
    if is_elsewhere("a_process_ends_though_it_could_not_spawn", TOO_MUCH) {
        return;
    }
    let ended = par! { backend = Backend::Threads; spawns_what_cannot_start().catch() };
    let words = ended.expect_err("it panics").to_string();
    assert!(words.contains("could not be started") && words.contains("CSP_MESSAGE_BUFFER"), "{words}");
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[process(shares_memory)]
fn carries(_carried: PanicsInDrop) {
    unreachable!("it must not start");
}

fn a_drop_that_panics_in_what_was_not_started_comes_after_the_others() {
    here_in_main();
    if backend_name() == "seeded" {
        return;
    }
    let mut values = vec![0; 100];
    let panic = panic_of(|| {
        par! {
            backend = Backend::Threads;
            writes_slowly(&mut values),
            carries(PanicsInDrop).on(Backend::Processes),
        }
    });
    assert!(panic.contains("on purpose"), "{panic}");
    assert_eq!(values, [1; 100], "it has been waited for");
}
