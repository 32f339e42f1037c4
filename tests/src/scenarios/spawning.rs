//! `spawn!`, `Handle` and `scope`: processes that outlive the expression that starts them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use csp::prelude::*;

use super::support::{panic_of, poisoned, retired, send_to_a_waiting, sink, source};
use crate::harness::{here, scale, scenarios};

scenarios![
    a_handle_gives_the_output,
    a_dropped_handle_detaches,
    a_spawned_block_runs,
    join_reraises_a_panic,
    a_caught_spawn_gives_its_error,
    a_process_ends_after_what_it_spawned,
    a_scope_joins_what_it_spawned,
    a_scope_lends_its_surroundings,
    nested_scopes_join_inside_out,
    a_scope_joins_when_its_body_panics,
    a_scope_joins_when_its_body_returns_early,
    a_panic_inside_a_scope_is_raised_at_its_end,
    a_forgotten_handle_is_joined_by_its_scope,
    many_spawned_processes_come_and_go,
    spawn_hands_its_arguments_over,
];

#[process]
fn adds(a: u32, b: u32) -> u32 {
    here();
    a + b
}

#[process]
fn panics(word: &'static str) -> u32 {
    here();
    panic!("{word}");
}

fn a_handle_gives_the_output() {
    let first = spawn!(adds(1, 2));
    let second = spawn!(adds(3, 4));
    assert_eq!((second.join(), first.join()), (7, 3));
}

fn a_dropped_handle_detaches() {
    let (out, input) = channel();
    drop(spawn!(source(vec![1, 2, 3], out)));
    assert!(input.iter().eq([1, 2, 3]));
}

fn a_spawned_block_runs() {
    let ((out, input), (back_out, back)) = (channel::<u32>(), channel());
    let handle = spawn!(move(input, back_out) { here(); back_out.send(input.recv().unwrap() + 1).unwrap() });
    out.send(1).unwrap();
    assert_eq!(back.recv(), Ok(2));
    handle.join();
}

fn join_reraises_a_panic() {
    let message = panic_of(|| spawn!(panics("on purpose").named("spawned one")).join());
    assert!(message.contains("spawned one") && message.contains("on purpose"), "{message}");
}

fn a_caught_spawn_gives_its_error() {
    assert!(spawn!(panics("on purpose").catch()).join().is_err());
    assert_eq!(spawn!(adds(1, 1).catch()).join().ok(), Some(2));
}

/// Spawns a child that only ends when it is told to, and ends itself at once.
#[process]
fn leaves_a_child_behind(told: Receiver<()>, trace: Sender<u32>) {
    here();
    trace.send(1)?;
    drop(spawn!(waits_then_traces(told, trace)));
}

#[process]
fn waits_then_traces(told: Receiver<()>, trace: Sender<u32>) {
    here();
    told.recv()?;
    trace.send(2)?;
}

#[process]
fn runs_a_parent(told: Receiver<()>, trace: Sender<u32>) {
    here();
    par! { leaves_a_child_behind(told, trace.clone()) };
    trace.send(3)?;
}

fn a_process_ends_after_what_it_spawned() {
    let ((tell, told), (trace_out, trace)) = (channel(), channel());
    let ((), (), got) = par! {
        runs_a_parent(told, trace_out),
        move(tell) { send_to_a_waiting(&tell, ()) },
        sink(trace),
    };
    assert_eq!(got, [1, 2, 3]);
}

fn a_scope_joins_what_it_spawned() {
    let (out, input) = channel::buffered(10);
    scope(|s| {
        for value in 0..10 {
            let _ = s.spawn(source(vec![value], out.clone()));
        }
    });
    drop(out);
    let mut got: Vec<u32> = input.iter().collect();
    got.sort_unstable();
    assert!(got.into_iter().eq(0..10));
}

#[process]
fn adds_all(values: &[u64], total: &mut u64) {
    here();
    *total = values.iter().sum();
}

fn a_scope_lends_its_surroundings() {
    let values: Vec<u64> = (0..100).collect();
    let (mut left, mut right) = (0, 0);
    let answer = scope(|s| {
        let _ = s.spawn(adds_all(&values[..50], &mut left));
        let handle = s.spawn(adds_all(&values[50..], &mut right));
        handle.join();
        "done"
    });
    assert_eq!((left + right, answer), (4950, "done"));
}

fn nested_scopes_join_inside_out() {
    let (out, input) = channel::buffered(10);
    scope(|s| {
        let _ = s.spawn(source(vec![1], out.clone()));
        scope(|inner| {
            for _ in 0..3 {
                let _ = inner.spawn(source(vec![2], out.clone()));
            }
        });
        let so_far: Vec<u32> = std::iter::from_fn(|| input.try_recv().ok()).collect();
        assert_eq!(so_far.iter().filter(|&&value| value == 2).count(), 3, "the inner scope has ended: {so_far:?}");
    });
}

/// Writes what it borrowed, as late as it can.
#[process]
fn writes_late(told: Receiver<()>, place: &mut u32) {
    here();
    let _ = told.recv();
    for _ in 0..20 {
        csp::yield_now();
    }
    *place = 7;
}

/// S57.
fn a_scope_joins_when_its_body_panics() {
    let mut place = 0;
    let message = panic_of(|| {
        let (tell, told) = channel();
        scope(|s| {
            let _ = s.spawn(writes_late(told, &mut place));
            let _tell = tell; // the panic ends the wait: this end is dropped on the way out
            panic!("the body fails");
        })
    });
    assert_eq!((message.as_str(), place), ("the body fails", 7));
}

fn a_scope_joins_when_its_body_returns_early() {
    let mut place = 0;
    let (tell, told) = channel();
    let answer = scope(|s| -> Result<(), Stopped> {
        let _ = s.spawn(writes_late(told, &mut place));
        let (gone_out, gone) = channel::<()>();
        drop(gone_out);
        drop(tell);
        gone.recv()?;
        unreachable!("the `?` leaves the scope");
    });
    assert_eq!((answer, place), (Err(Stopped::Retired), 7));
}

/// Invariant 4: soundness does not rest on the handle's destructor.
fn a_forgotten_handle_is_joined_by_its_scope() {
    let mut places = [0; 4];
    let (tell, told) = channel();
    scope(|s| {
        for place in &mut places {
            std::mem::forget(s.spawn(writes_late(told.clone(), place)));
        }
        drop((tell, told));
    });
    assert_eq!(places, [7; 4]);
}

fn a_panic_inside_a_scope_is_raised_at_its_end() {
    let (out, input) = channel::<u32>();
    let message = panic_of(|| {
        scope(|s| {
            let _ = s.spawn(panics("scoped").named("a scoped one"));
            let _ = s.spawn(holds(out));
            assert_eq!(input.recv(), Ok(1), "the others, and the body, run to their ends");
        })
    });
    assert!(message.contains("a scoped one") && message.contains("scoped"), "{message}");
    retired(input.recv());
    let outcome = catch_unwind(AssertUnwindSafe(|| scope(|s| s.spawn(panics("joined")).join())));
    assert!(outcome.is_err(), "join re-raises inside the body");
    // Whenever the handle goes: before the process ends, after that, or while it does.
    for moment in 0..scale(30, 3) {
        let message = panic_of(|| {
            scope(|s| {
                let handle = s.spawn(panics("dropped"));
                (0..30 * moment).for_each(|_| std::hint::spin_loop());
                drop(handle);
            });
        });
        assert!(message.contains("dropped"), "{message}");
    }
    let (out, input) = channel::<u32>();
    panic_of(|| scope(|s| drop(s.spawn(holds_and_panics(out)))));
    poisoned(input.recv());
}

#[process]
fn holds(out: Sender<u32>) {
    here();
    out.send(1)?;
}

#[process]
fn holds_and_panics(out: Sender<u32>) {
    here();
    let _out = out;
    panic!("while it holds an end");
}

fn many_spawned_processes_come_and_go() {
    let count = scale(300, 30) as u32;
    let (out, input) = channel();
    let handles: Vec<_> = (0..count).map(|value| spawn!(source(vec![value], out.clone()))).collect();
    drop(out);
    let mut got: Vec<u32> = input.iter().collect();
    handles.into_iter().for_each(Handle::join);
    got.sort_unstable();
    assert!(got.into_iter().eq(0..count));
}

/// S57: arguments are handed over when the process is spawned.
fn spawn_hands_its_arguments_over() {
    let (out, input) = channel();
    let mut word = String::from("first");
    let handle = spawn!(source(vec![word.clone()], out.clone()));
    word.push_str(" changed");
    let second = spawn!(source(vec![word], out));
    let mut got: Vec<String> = input.iter().collect();
    got.sort_unstable();
    assert_eq!(got, ["first", "first changed"]);
    handle.join();
    second.join();
}
