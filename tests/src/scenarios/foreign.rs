//! The main function, and threads that we did not start, use channels and choices as any process does.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;

use csp::prelude::*;

use super::support::{poisoned, retired, send_to_a_waiting, sink, source};
use crate::harness::{backend_name, first_run, here, here_in_main, scale, scenarios};

scenarios![
    the_warning_keeps_nobody_from_going_on(main_only),
    main_talks_to_what_it_spawned,
    main_chooses_over_its_processes,
    foreign_threads_talk_to_processes,
    foreign_threads_talk_to_each_other(main_only),
    foreign_threads_choose_on_both_sides(main_only),
    a_foreign_thread_may_run_a_par,
    a_foreign_thread_that_could_send_is_no_deadlock(main_only),
    a_foreign_thread_that_sleeps_for_long_ends_nothing,
    a_foreign_panic_ends_its_partners_wait(main_only),
    ends_kept_by_a_thread_retire_with_it(main_only),
    an_end_moves_between_threads(main_only),
];

#[process]
fn echoes(input: Receiver<u32>, out: Sender<u32>) {
    here();
    for value in &input {
        out.send(value + 1)?;
    }
}

fn main_talks_to_what_it_spawned() {
    let ((out, far_in), (far_out, input)) = (channel(), channel());
    let handle = spawn!(echoes(far_in, far_out));
    for value in 0..scale(500, 20) as u32 {
        out.send(value).unwrap();
        assert_eq!(input.recv(), Ok(value + 1));
    }
    drop(out);
    retired(input.recv());
    handle.join();
}

fn main_chooses_over_its_processes() {
    let count = scale(200, 10) as u32;
    let ((out, far_in), (far_out, input)) = (channel(), channel());
    let handle = spawn!(echoes(far_in, far_out));
    let (mut sent, mut got) = (0, 0);
    while got < count {
        alt! {
            (sent < count) & out ! sent => sent += 1,
            input ? value => { got += 1; assert_eq!(value, got) },
            after Duration::from_secs(600) => panic!("the process is there"),
            stopped why => panic!("{why}"),
        }
    }
    drop(out);
    handle.join();
}

fn foreign_threads_talk_to_processes() {
    let count = scale(300, 15) as u32;
    let ((out, far_in), (far_out, input)) = (channel(), channel());
    thread::scope(|s| {
        let sender = s.spawn(move || (0..count).for_each(|value| out.send(value).unwrap()));
        let receiver = s.spawn(move || input.iter().collect::<Vec<u32>>());
        par! { echoes(far_in, far_out) };
        sender.join().unwrap();
        assert!(receiver.join().unwrap().into_iter().eq(1..=count));
    });
}

fn foreign_threads_talk_to_each_other() {
    let count = scale(300, 15) as u32;
    let (out, input) = channel();
    thread::scope(|s| {
        for _ in 0..3 {
            let out = out.clone();
            s.spawn(move || (0..count).for_each(|value| out.send(value).unwrap()));
        }
        drop(out);
        let receivers: Vec<_> = (0..2)
            .map(|_| {
                let input = input.clone();
                s.spawn(move || input.iter().count())
            })
            .collect();
        let got: usize = receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum();
        assert_eq!(got, 3 * count as usize);
    });
}

fn foreign_threads_choose_on_both_sides() {
    let rounds = scale(500, 20);
    let ends: Vec<(Sender<u32>, Receiver<u32>)> = (0..3).map(|_| channel()).collect();
    let play = |ends: Vec<(Sender<u32>, Receiver<u32>)>| {
        let mut sent = 0;
        for _ in 0..rounds {
            alt! {
                for (out, input) in &ends { out ! 1 => sent += 1, input ? _ => {} }
                stopped why => panic!("{why}"),
            }
        }
        sent
    };
    let other = ends.clone();
    let sent = thread::scope(|s| {
        let one = s.spawn(move || play(ends));
        let two = s.spawn(move || play(other));
        one.join().unwrap() + two.join().unwrap()
    });
    assert_eq!(sent, rounds);
}

fn a_foreign_thread_may_run_a_par() {
    let (results_out, results) = channel();
    let mut got: Vec<Vec<u32>> = thread::scope(|s| {
        for number in 0..3 {
            let results_out = results_out.clone();
            s.spawn(move || {
                let (out, input) = channel();
                let ((), got) = par! { source(vec![number; 5], out), sink(input) };
                results_out.send(got).unwrap();
            });
        }
        drop(results_out);
        results.iter().collect()
    });
    got.sort_unstable();
    assert_eq!(got, [vec![0; 5], vec![1; 5], vec![2; 5]]);
}

/// Main waits, no process of ours can run: but a thread that we do not own holds the other end, and takes its time.
fn a_foreign_thread_that_could_send_is_no_deadlock() {
    let (out, input) = channel();
    let got = thread::scope(|s| {
        s.spawn(move || {
            for _ in 0..100 {
                thread::yield_now();
            }
            send_to_a_waiting(&out, 5);
            thread::sleep(Duration::from_millis(2)); // time for a hasty detector; nothing depends on it
            out.send(6).unwrap();
        });
        (input.recv(), input.recv())
    });
    assert_eq!(got, (Ok(5), Ok(6)));
}

#[process]
fn waits_for_two(input: Receiver<u32>) -> [Result<u32, Stopped>; 2] {
    here();
    [input.recv(), input.recv()]
}

/// The same for a process, and for far longer than any detector's patience: the sleep is what is tested.
fn a_foreign_thread_that_sleeps_for_long_ends_nothing() {
    let time = Duration::from_millis(if first_run() { 2_000 } else { 2 });
    let (out, input) = channel();
    let got = thread::scope(|s| {
        s.spawn(move || {
            send_to_a_waiting(&out, 5);
            thread::sleep(time);
            out.send(6).unwrap();
        });
        par! { waits_for_two(input) }
    });
    assert_eq!(got, [Ok(5), Ok(6)]);
}

fn a_foreign_panic_ends_its_partners_wait() {
    let (out, input) = channel::<u32>();
    let outcome = thread::scope(|s| {
        let thread = s.spawn(move || {
            let _out = out;
            panic!("on purpose, in a foreign thread");
        });
        poisoned(input.recv());
        thread.join()
    });
    assert!(outcome.is_err());
}

thread_local! {
    static KEPT: RefCell<Option<Sender<u32>>> = const { RefCell::new(None) };
}

/// The end is dropped by the thread's own clean-up, when other thread-locals may be gone already.
fn ends_kept_by_a_thread_retire_with_it() {
    let (out, input) = channel();
    let handle = thread::spawn(move || {
        KEPT.with_borrow_mut(|kept| *kept = Some(out));
        KEPT.with_borrow(|kept| kept.as_ref().unwrap().send(1)).unwrap();
    });
    assert_eq!(input.recv(), Ok(1));
    handle.join().unwrap();
    retired(input.recv());
}

fn an_end_moves_between_threads() {
    let (out, mut input) = channel::buffered::<u32>(1);
    for value in 0..scale(20, 5) as u32 {
        out.send(value).unwrap();
        input = thread::spawn(move || {
            assert_eq!(input.recv(), Ok(value));
            input
        })
        .join()
        .unwrap();
    }
    drop(out);
    retired(input.recv());
}

#[process]
fn logs(fed: Receiver<u32>, log: Sender<String>) {
    here();
    for number in &fed {
        log.send(number.to_string())?;
    }
}

/// What it would be written to is held by somebody who waits for a process.
fn the_warning_keeps_nobody_from_going_on() {
    if !first_run() || backend_name() == "processes" {
        return here_in_main();
    }
    let ((feed, fed), (log, lines)) = (channel(), channel());
    let foreign = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300)); // in which the runtime warns
        feed.send(1)
    });
    let logging = spawn!(logs(fed, log));
    let errors = std::io::stderr().lock();
    assert_eq!(lines.recv(), Ok("1".into()));
    drop(errors);
    assert_eq!(foreign.join().expect("it only sends"), Ok(()));
    logging.join();
}
