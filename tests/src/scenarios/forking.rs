//! Forked processes have but one thread of their parent's: whatever the others are, and are at, is nothing to them.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use csp::prelude::*;

use super::support::in_a_program_of_its_own;
use crate::harness::{backend_name, first_run, here_on, scale, scenarios};

scenarios![
    a_forked_process_runs_what_its_parent_has_run(main_only),
    forks_beside_threads_that_begin_something(main_only, cold),
    forks_beside_threads_that_panic,
];

#[io]
fn blocks(number: u64) -> u64 {
    number + 1
}

#[process]
fn adds_one(input: Receiver<u64>, out: Sender<u64>) {
    for number in &input {
        out.send(blocks(number))?;
    }
}

#[process]
fn sends(count: u64, out: Sender<u64>) {
    for number in 0..count {
        out.send(number)?;
    }
}

#[process]
fn adds_up(input: Receiver<u64>) -> u64 {
    input.iter().sum()
}

/// The sum of 1 to `count`, by processes of this backend that talk, block, and are started one inside the other.
fn pipeline_on(backend: Backend, count: u64) -> u64 {
    let ((out, input), (next_out, next)) = (channel(), channel());
    let (_, (_, sum)) = par! {
        backend = backend;
        sends(count, out),
        { par! { adds_one(input, next_out), adds_up(next) } },
    };
    sum
}

/// The seeded backend gives the baton up for lost where it waits for one of the others, which takes its time.
fn others() -> &'static [Backend] {
    let all = &[Backend::Coroutines, Backend::Threads, Backend::Seeded];
    if first_run() { all } else { &all[..2] }
}

fn pipelines_on_others(count: u64) -> Vec<u64> {
    others().iter().map(|backend| pipeline_on(*backend, count)).collect()
}

#[process]
fn runs_what_its_parent_has_run(count: u64) -> Vec<u64> {
    here_on(Backend::Processes);
    pipelines_on_others(count)
}

/// What happens here depends on no seed.
fn is_worth_a_run() -> bool {
    first_run() || backend_name() != "seeded"
}

/// Workers, idle threads, helpers for calls that block: the parent has them by then, its children have not.
fn a_forked_process_runs_what_its_parent_has_run() {
    if !is_worth_a_run() {
        return;
    }
    let count = scale(20, 3) as u64;
    let expected = vec![count * (count + 1) / 2; others().len()];
    assert_eq!(pipelines_on_others(count), expected);
    let forked = par! { backend = Backend::Processes; 2 * runs_what_its_parent_has_run(count) };
    assert_eq!(forked, [expected.clone(), expected]);
}

#[process]
fn answers(questions: Receiver<u64>, out: Sender<u64>) {
    for number in &questions {
        out.send(pipeline_on(Backend::Coroutines, number))?;
    }
}

#[process]
fn asks(count: u64, out: Sender<u64>, answers: Receiver<u64>) -> Result<u64, Stopped> {
    let mut sum = 0;
    for number in 0..count {
        out.send(number)?;
        sum += answers.recv()?;
    }
    Ok(sum)
}

/// Two forked processes that talk, and start coroutines of their own.
fn forked_pair() -> u64 {
    let ((out, questions), (answers_out, replies)) = (channel(), channel());
    let (sum, ()) = par! {
        backend = Backend::Processes;
        asks(4, out, replies),
        answers(questions, answers_out),
    };
    sum.expect("both go on to the end")
}

/// What a program makes once is being made by one thread while another one forks: the child must not wait for that. A program of its own
/// for each try, as there is one first time in each.
fn forks_beside_threads_that_begin_something() {
    if !is_worth_a_run() {
        return;
    }
    for _ in 0..scale(3, 1) {
        let name = "forks_beside_threads_that_begin_something";
        if in_a_program_of_its_own(name, ("CSP_TEST_NOTHING", "")).is_none() {
            return begin_all_at_once();
        }
    }
}

fn begin_all_at_once() {
    const THREADS: usize = 5;
    // While a thread that is not ours begins or ends, std holds a lock now and then, which would stay locked in a child.
    let all = Barrier::new(THREADS);
    let amidst = |run: &dyn Fn() -> u64| {
        all.wait();
        let result = run();
        all.wait();
        result
    };
    thread::scope(|scope| {
        let pipelines = [Backend::Coroutines, Backend::Threads]
            .map(|backend| scope.spawn(move || amidst(&|| pipeline_on(backend, 4))));
        let pairs = [(); 2].map(|()| scope.spawn(|| amidst(&forked_pair)));
        assert_eq!(amidst(&forked_pair), 10);
        for thread in pipelines.into_iter().chain(pairs) {
            assert_eq!(thread.join().expect("it ends well"), 10);
        }
    });
}

#[process]
fn panics() {
    panic!("on purpose");
}

#[process(shares_memory)]
fn panics_until(over: &AtomicBool) {
    while !over.load(Ordering::SeqCst) {
        assert!(par! { backend = Backend::Threads; panics().catch() }.is_err());
    }
}

/// A panic is printed under locks of std's, which a child would find locked when it panics itself. Of three that panic all the time, one always
/// prints, so they have to step back.
fn forks_beside_threads_that_panic() {
    let over = &AtomicBool::new(false);
    let (_, ()) = par! {
        backend = Backend::Threads;
        3 * panics_until(over),
        {
            here_on(Backend::Threads);
            for _ in 0..scale(10, 1) {
                assert!(par! { backend = Backend::Processes; panics().catch() }.is_err());
            }
            over.store(true, Ordering::SeqCst);
        },
    };
}
