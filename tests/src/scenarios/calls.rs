//! `#[io]` calls: what they hold up, what passes through them, and whose doing it is what they do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use csp::prelude::*;
use csp::{CauseKind, Refusal};

use super::support::{
    in_a_program_of_its_own, panic_of, panic_text, poison_kind, poisoned, refused_where_memory_is_apart, retired, sink,
    source,
};
use crate::harness::{backend_name, first_run, here, here_in_main, scale, scenarios};

scenarios![
    calls_that_block_overlap,
    more_calls_block_than_threads_run_calls(main_only),
    no_more_calls_block_than_are_allowed(main_only),
    processes_run_inside_a_call_that_blocks,
    a_panic_of_a_blocking_call_passes_through,
    blocking_calls_borrow_and_return,
    futures_are_awaited_while_others_go_on,
    a_blocking_call_has_its_processs_name,
    poison_that_a_blocking_call_meets_is_passed_on,
    what_a_blocking_call_receives_is_a_success,
    a_panic_in_a_blocking_call_poisons_in_its_processs_name,
    a_process_ends_after_what_its_blocking_call_spawned,
    a_deadlock_inside_a_blocking_call_is_found,
    calls_that_wait_for_a_call_leave_it_a_thread(main_only),
    a_process_that_a_blocking_call_has_forked_outlives_its_thread(main_only),
];

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

/// How many calls run now, and ran at a time at most.
type Crowd = (AtomicUsize, AtomicUsize);

#[io]
fn is_one_of((now, most): &Crowd) {
    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    // Others come in the meantime, if they may.
    thread::yield_now();
    now.fetch_sub(1, Ordering::SeqCst);
}

#[process(shares_memory)]
fn is_often_one_of(crowd: Arc<Crowd>) {
    here();
    (0..10).for_each(|_| is_one_of(&crowd));
}

fn no_more_calls_block_than_are_allowed() {
    let name = "no_more_calls_block_than_are_allowed";
    if backend_name() != "coroutines" || in_a_program_of_its_own(name, ("CSP_IO_CALLS", "2")).is_some() {
        return here_in_main();
    }
    let crowd = Arc::<Crowd>::default();
    par! { for _ in 0..20 => is_often_one_of(crowd.clone()) };
    assert!((1..=2).contains(&crowd.1.load(Ordering::SeqCst)), "{crowd:?}");
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

#[io]
fn says_who_runs() -> (String, Backend) {
    (csp::current().name().to_owned(), csp::current().backend())
}

#[process]
fn asks_who_runs() -> bool {
    here();
    let (name, backend) = says_who_runs();
    name == csp::current().name() && backend == csp::current().backend()
}

fn a_blocking_call_has_its_processs_name() {
    assert_eq!(par! { asks_who_runs(), asks_who_runs().named("somebody") }, (true, true));
}

#[io]
fn receives_elsewhere(input: &Receiver<u32>) -> Result<u32, Stopped> {
    input.recv()
}

/// What it holds is dropped at its end.
#[process]
fn receives_in_a_call(input: Receiver<u32>, _held: Sender<u32>) {
    here();
    let _ = receives_elsewhere(&input);
}

fn poison_that_a_blocking_call_meets_is_passed_on() {
    let ((out, input), (held, next)) = (channel(), channel());
    out.poison();
    par! { receives_in_a_call(input, held) };
    assert_eq!(poison_kind(next.recv()), CauseKind::Propagated);
}

#[process]
fn meets_poison_then_receives_in_a_call(dead: Receiver<u32>, input: Receiver<u32>, _held: Sender<u32>) {
    here();
    poisoned(dead.recv());
    assert_eq!(receives_elsewhere(&input), Ok(1));
}

fn what_a_blocking_call_receives_is_a_success() {
    let ((dead_out, dead), (out, input), (held, next)) = (channel(), channel(), channel());
    dead_out.poison();
    par! { meets_poison_then_receives_in_a_call(dead, input, held), source(vec![1], out) };
    retired(next.recv());
}

#[io]
fn fails_with(_held: Sender<u32>) {
    panic!("in the call")
}

#[process]
fn fails_in_a_call(held: Sender<u32>) {
    here();
    fails_with(held);
}

fn a_panic_in_a_blocking_call_poisons_in_its_processs_name() {
    let (held, next) = channel();
    let text = panic_of(|| par! { fails_in_a_call(held) });
    assert!(text.contains("fails_in_a_call") && text.contains("in the call"), "{text}");
    let cause = poisoned(next.recv());
    assert_eq!((cause.kind(), cause.process()), (CauseKind::Panicked, "fails_in_a_call"));
}

#[process]
fn sends_late(out: Sender<u32>, go: Receiver<u32>) {
    here();
    let number = go.recv()?;
    out.send(number)?;
}

#[io]
fn spawns(out: Sender<u32>, go: Receiver<u32>) {
    let _ = spawn!(sends_late(out, go));
}

#[process]
fn spawns_in_a_call(out: Sender<u32>, go: Receiver<u32>, told: Sender<u32>) {
    here();
    spawns(out, go);
    // The call is over, though what it has spawned is not.
    told.send(3)?;
}

fn a_process_ends_after_what_its_blocking_call_spawned() {
    let ((out, input), (go_out, go), (told, tells)) = (channel::buffered(1), channel(), channel());
    par! { spawns_in_a_call(out, go, told), { go_out.send(tells.recv().unwrap()).unwrap() } };
    assert_eq!(input.try_recv(), Ok(3));
}

#[process]
fn waits_in_a_call(input: Receiver<u32>, _kept: Sender<u32>) -> Result<u32, Stopped> {
    here();
    receives_elsewhere(&input)
}

/// A call that waits for a process is no more hope than the process that has made it.
fn a_deadlock_inside_a_blocking_call_is_found() {
    let (out, input) = channel();
    let report = panic_of(|| drop(par! { waits_in_a_call(input, out).named("caller"), {} }));
    assert!(report.contains("deadlock") && report.contains("process `caller` waits to receive"), "{report}");
    let is_elsewhere = backend_name() == "coroutines";
    assert_eq!(report.contains("process `caller` waits for the end of its `#[io]` call"), is_elsewhere, "{report}");
}

#[io]
fn sends_elsewhere(out: &Sender<u32>, count: u32) {
    (0..count).try_for_each(|number| out.send(number)).expect("all are there");
}

#[process]
fn receives_one_in_a_call(input: Receiver<u32>) -> u32 {
    here();
    receives_elsewhere(&input).expect("one comes")
}

#[process]
fn sends_in_a_call(out: Sender<u32>, count: u32) {
    sends_elsewhere(&out, count);
}

/// They are more than there are threads for calls, and the last one is what all others wait for.
fn calls_that_wait_for_a_call_leave_it_a_thread() {
    if !first_run() {
        return;
    }
    let count = if backend_name() == "coroutines" { 600 } else { scale(60, 10) };
    let (out, input) = channel();
    let (mut got, ()) = par! { count * receives_one_in_a_call(input), sends_in_a_call(out, count as u32) };
    got.sort_unstable();
    assert!(got.into_iter().eq(0..count as u32));
}

#[process(backend = processes)]
fn passes_one_on(out: Sender<u32>, input: Receiver<u32>) {
    out.send(input.recv()?)?;
}

#[io]
fn forks(out: Sender<u32>, input: Receiver<u32>) {
    let _ = spawn!(passes_one_on(out, input));
}

#[process]
fn forks_in_a_call(never: Receiver<u32>) -> Result<u32, Stopped> {
    here();
    let ((out, input), (tell, go)) = (channel(), channel());
    forks(out, go);
    // Long after a thread that runs calls has ended for want of any.
    assert_eq!(never.recv_timeout(Duration::from_millis(2_500)), Err(Refusal::TimedOut));
    tell.send(5)?;
    input.recv()
}

fn a_process_that_a_blocking_call_has_forked_outlives_its_thread() {
    if !first_run() {
        return;
    }
    let (_hold, never) = channel();
    assert_eq!(par! { forks_in_a_call(never) }, Ok(5));
}
