//! Processes that may share a thread with others: what they keep across a wait.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use csp::prelude::*;

use super::support::{refused_where_memory_is_apart, sink, source};
use crate::harness::{here, here_on, scale, scenarios};

scenarios![
    a_process_stays_on_its_thread,
    values_that_are_not_send_survive_a_wait,
    a_thread_local_is_that_of_the_thread_across_a_wait,
    very_many_processes_at_once,
    pars_are_nested_deeply,
    backends_are_nested_in_each_other,
    whoever_yields_lets_others_run,
];

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

/// Notices if it goes on elsewhere after a wait.
#[process]
fn stays(input: Receiver<u32>, out: Sender<u32>) {
    here();
    let thread = thread::current().id();
    for value in &input {
        assert_eq!(thread::current().id(), thread);
        out.send(value)?;
        assert_eq!(thread::current().id(), thread);
    }
}

fn a_process_stays_on_its_thread() {
    let count = scale(200, 10) as u32;
    let (out, input) = channel();
    let (passed_out, passed) = channel();
    let (_, _, got) = par! { 2 * source((0..count).collect(), out), 4 * stays(input, passed_out), sink(passed) };
    assert_eq!(got.len(), 2 * count as usize);
}

#[process]
fn counts_in_a_cell(input: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    let sum = Rc::new(Cell::new(0));
    let same = sum.clone();
    for _ in 0..5 {
        let value = input.recv()?;
        same.set(sum.get() + value);
    }
    Ok(sum.get())
}

fn values_that_are_not_send_survive_a_wait() {
    let (out, input) = channel();
    let (_, sums) = par! { source(vec![1; 20], out), 4 * counts_in_a_cell(input) };
    assert!(sums.into_iter().all(|sum| sum == Ok(5)));
}

/// Which thread of which OS process this is.
fn place() -> String {
    format!("{} {:?}", std::process::id(), thread::current().id())
}

/// Leaves a value, lets the other one leave another, and says where that was and what it finds then.
#[process]
fn leaves_a_value(there: Sender<()>, back: Receiver<String>) -> Result<(bool, u32), Stopped> {
    here();
    LAST.set(1);
    there.send(())?;
    let other = back.recv()?;
    Ok((other == place(), LAST.get()))
}

#[process]
fn leaves_another(there: Receiver<()>, back: Sender<String>) -> Result<u32, Stopped> {
    here();
    there.recv()?;
    LAST.set(2);
    back.send(place())?;
    Ok(LAST.get())
}

/// Neighbours of a worker see what the other one has left; whoever has a thread to itself sees its own.
fn a_thread_local_is_that_of_the_thread_across_a_wait() {
    // Two that one thread starts are neighbours, unless an idle worker has helped just then.
    let plays = (0..scale(20, 2)).map(|_| {
        let ((there_out, there), (back_out, back)) = (channel(), channel());
        let (first, second) = par! { leaves_a_value(there_out, back), leaves_another(there, back_out) };
        let ((is_shared, found), second) = (first.unwrap(), second.unwrap());
        assert_eq!((found, second), (if is_shared { 2 } else { 1 }, 2), "shared: {is_shared}");
        is_shared
    });
    let shared = plays.filter(|is_shared| *is_shared).count();
    assert_eq!(shared > 0, crate::harness::backend_name() == "coroutines", "{shared} times");
}

#[process]
fn adds_one(input: Receiver<usize>, out: Sender<usize>) {
    here();
    for value in &input {
        out.send(value + 1)?;
    }
}

fn very_many_processes_at_once() {
    let count = scale(500, 20);
    let (first, mut left) = channel();
    let mut links = Vec::new();
    for _ in 0..count {
        let (right, next) = channel();
        links.push((std::mem::replace(&mut left, next), right));
    }
    let ((), _, got) =
        par! { source(vec![0, 1, 2], first), for (input, out) in links => adds_one(input, out), sink(left) };
    assert_eq!(got, [count, count + 1, count + 2]);
}

#[process]
fn goes_deeper(levels: u32) -> u32 {
    here();
    if levels == 0 {
        return 0;
    }
    let (a, b) = par! { goes_deeper(levels - 1), { 1 } };
    a + b
}

fn pars_are_nested_deeply() {
    let levels = scale(200, 10) as u32;
    assert_eq!(par! { goes_deeper(levels) }, levels);
}

/// Threads in the default backend's processes, and those in threads. `own` is where this one should be.
#[process]
fn alternates(levels: u32, value: Sender<u32>, own: Backend, other: Backend) -> Result<(), Stopped> {
    here_on(own);
    if levels == 0 {
        return value.send(7);
    }
    par! { backend = other; alternates(levels - 1, value, other, own) }
}

fn backends_are_nested_in_each_other() {
    let (value, got) = channel();
    let own = crate::harness::backend_name().parse().expect("the backend under test has a name");
    let (sent, got) =
        par! { { par! { backend = Backend::Threads; alternates(6, value, Backend::Threads, own) } }, sink(got) };
    assert_eq!((sent, got), (Ok(()), vec![7]));
}

#[process(shares_memory)]
fn yields_until(done: Arc<std::sync::atomic::AtomicBool>) {
    here();
    while !done.load(std::sync::atomic::Ordering::SeqCst) {
        csp::yield_now();
    }
}

#[process(shares_memory)]
fn says_done(done: Arc<std::sync::atomic::AtomicBool>) {
    here();
    done.store(true, std::sync::atomic::Ordering::SeqCst);
}

fn whoever_yields_lets_others_run() {
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    refused_where_memory_is_apart(|| drop(par! { 3 * yields_until(done.clone()), says_done(done) }));
}
