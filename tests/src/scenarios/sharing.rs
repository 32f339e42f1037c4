//! Processes that may share a thread with others: what they keep across a wait, and what a blocking call holds up.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;

use csp::prelude::*;

use super::support::{panic_text, refused_where_memory_is_apart, sink, source};
use crate::harness::{first_run, here, here_on, scale, scenarios};

scenarios![
    a_process_stays_on_its_thread,
    values_that_are_not_send_survive_a_wait,
    calls_that_block_overlap,
    more_calls_block_than_threads_run_calls(main_only),
    processes_run_inside_a_call_that_blocks,
    a_panic_of_a_blocking_call_passes_through,
    blocking_calls_borrow_and_return,
    futures_are_awaited_while_others_go_on,
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
        LAST.set(value);
    }
    Ok(sum.get())
}

fn values_that_are_not_send_survive_a_wait() {
    let (out, input) = channel();
    let (_, sums) = par! { source(vec![1; 20], out), 4 * counts_in_a_cell(input) };
    assert!(sums.into_iter().all(|sum| sum == Ok(5)));
}

#[io]
fn meets(barrier: &Barrier) {
    barrier.wait();
}

#[process(shares_memory)]
fn meets_by_io(barrier: Arc<Barrier>) {
    here();
    meets(&barrier);
}

/// If one of the calls held up another, none would end.
fn calls_that_block_overlap() {
    let count = scale(8, 1);
    let barrier = Arc::new(Barrier::new(count));
    refused_where_memory_is_apart(|| drop(par! { count * meets_by_io(barrier) }));
}

type Gate = (Mutex<bool>, Condvar);

#[io]
fn waits_for((is_open, opened): &Gate) {
    let is_open = is_open.lock().expect("nobody panics with it");
    drop(opened.wait_while(is_open, |is_open| !*is_open).expect("nobody panics with it"));
}

#[process(shares_memory)]
fn waits_by_io(begun: Arc<AtomicUsize>, gate: Arc<Gate>) {
    here();
    begun.fetch_add(1, Ordering::SeqCst);
    waits_for(&gate);
}

#[process(shares_memory)]
fn opens_once_all_have_begun(count: usize, begun: Arc<AtomicUsize>, gate: Arc<Gate>) {
    here();
    while begun.load(Ordering::SeqCst) < count {
        csp::yield_now();
    }
    *gate.0.lock().expect("nobody panics with it") = true;
    gate.1.notify_all();
}

/// Those that find no thread wait for their turn, and hold up nobody.
fn more_calls_block_than_threads_run_calls() {
    if !first_run() {
        return;
    }
    let count = scale(600, 1);
    let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Gate::default()));
    refused_where_memory_is_apart(|| {
        drop(par! { count * waits_by_io(begun.clone(), gate.clone()), opens_once_all_have_begun(count, begun, gate) });
    });
}

#[process]
fn passes_on(input: Receiver<u32>, out: Sender<u32>) {
    for number in &input {
        out.send(number)?;
    }
}

#[io]
fn passes_on_inside(input: Receiver<u32>, out: Sender<u32>) {
    par! { backend = Backend::Threads; passes_on(input, out) }
}

#[process]
fn passes_on_by_io(input: Receiver<u32>, out: Sender<u32>) {
    here();
    passes_on_inside(input, out);
}

/// What runs on a thread for calls is counted as it is elsewhere: nobody takes its waits for a standstill.
fn processes_run_inside_a_call_that_blocks() {
    let count = scale(200, 10) as u32;
    let ((out, input), (next_out, next)) = (channel(), channel());
    let (_, _, got, _) = par! {
        source((0..count).collect(), out),
        passes_on_by_io(input, next_out),
        sink(next),
        { (0..count).for_each(|_| csp::yield_now()) },
    };
    assert!(got.into_iter().eq(0..count));
}

#[io]
fn fails(text: &str) -> u32 {
    panic!("{text}")
}

#[process]
fn catches_the_panic() -> String {
    here();
    let text = String::from("from the call");
    match catch_unwind(AssertUnwindSafe(|| fails(&text))) {
        Ok(_) => String::new(),
        Err(panic) => panic_text(&*panic),
    }
}

fn a_panic_of_a_blocking_call_passes_through() {
    assert_eq!(par! { catches_the_panic() }, "from the call");
}

#[io]
fn adds(numbers: &[u32], sum: &mut u32) -> usize {
    *sum += numbers.iter().sum::<u32>();
    numbers.len()
}

#[process]
fn adds_by_io(numbers: Vec<u32>) -> u32 {
    here();
    let mut sum = 1;
    assert_eq!(adds(&numbers, &mut sum), numbers.len());
    sum
}

fn blocking_calls_borrow_and_return() {
    assert_eq!(par! { adds_by_io(vec![1, 2, 3]) }, 7);
}

/// A future that is ready when it has been asked twice; between, another thread wakes it.
#[io]
async fn asks_twice() -> u32 {
    let mut asked = 0;
    std::future::poll_fn(|context| {
        asked += 1;
        let waker = context.waker().clone();
        if asked == 1 {
            thread::spawn(move || waker.wake());
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(asked)
    })
    .await
}

#[process]
fn awaits() -> u32 {
    here();
    asks_twice()
}

fn futures_are_awaited_while_others_go_on() {
    let (out, input) = channel();
    let (asked, (), got) = par! { 3 * awaits(), source(vec![1, 2, 3], out), sink(input) };
    assert_eq!((asked, got), (vec![2; 3], vec![1, 2, 3]));
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

/// Threads in the default backend's processes, and those in threads.
#[process]
fn alternates(levels: u32, value: Sender<u32>, outer: Backend) -> Result<(), Stopped> {
    here_on(csp::current().backend());
    if levels == 0 {
        return value.send(7);
    }
    let inner = if levels % 2 == 0 { Backend::Threads } else { outer };
    par! { backend = inner; alternates(levels - 1, value, outer) }
}

fn backends_are_nested_in_each_other() {
    let (value, got) = channel();
    let own = crate::harness::backend_name().parse().expect("the backend under test has a name");
    let (sent, got) = par! { { par! { backend = Backend::Threads; alternates(6, value, own) } }, sink(got) };
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
