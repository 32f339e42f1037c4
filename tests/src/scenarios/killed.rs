//! Death: whoever is killed takes nothing along but itself, and the others learn of it at once.
//!
//! Where processes share one OS process, a panic stands for the kill: the nearest thing that leaves the others alive.

use std::time::{Duration, Instant};

use csp::prelude::*;
use csp::{CauseKind, ProcessError, Refusal};
use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;

use super::support::{counts_up, panic_of, poisoned, retired, sink, source};
use crate::harness::{backend_name, here, scale, scenarios};

scenarios![
    the_partner_of_a_killed_process_hears_who_and_how,
    a_caught_kill_is_an_error_and_retires,
    one_kill_in_a_farm_of_eight_leaves_seven_at_work,
    what_a_killed_process_has_buffered_stays,
    a_killed_parent_takes_its_children_along,
    a_killed_parent_is_buried_though_its_children_held_locks,
    a_process_killed_in_a_choice_frees_its_partners,
    a_process_killed_in_an_extended_rendezvous_releases_the_sender,
    a_process_killed_with_a_claimed_guard_frees_the_receiver,
    a_stopped_process_is_not_dead,
    what_is_lent_comes_back_unless_its_process_is_killed,
];

fn forked() -> bool {
    backend_name() == "processes"
}

/// Ways for an OS process to end without ending its process.
#[derive(Clone, Copy, Debug)]
enum End {
    Kill,
    Abort,
    Fault,
    Exit,
    Overflow,
}

impl End {
    const ALL: [Self; 5] = [End::Kill, End::Abort, End::Fault, End::Exit, End::Overflow];

    fn now(self) -> ! {
        assert!(forked(), "this would be a {self:?}");
        match self {
            End::Kill => die_by(Signal::SIGKILL),
            End::Fault => die_by(Signal::SIGSEGV),
            End::Abort => std::process::abort(),
            End::Exit => std::process::exit(3),
            End::Overflow => panic!("an endless recursion ended with {}", recurse(0)),
        }
    }

    /// What is said of it.
    fn words(self) -> &'static str {
        match self {
            _ if !forked() => "this would be a",
            End::Kill => "was killed by SIGKILL",
            End::Fault => "was killed by SIGSEGV",
            End::Abort | End::Overflow => "was killed by SIGABRT",
            End::Exit => "exit code 3",
        }
    }
}

/// The first one may only uninstall the handler that tells a stack overflow from other faults.
fn die_by(signal: Signal) -> ! {
    loop {
        raise(signal).expect("a process may signal itself");
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    if frame[0] == u64::MAX { 0 } else { 1 + recurse(frame[1] + 1) + frame[2] }
}

fn kill_from_outside(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).expect("the process is there, and ours");
}

/// The letter for what an OS process is doing; none, if there is no such process.
fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Waits, at most `limit` long.
fn comes_true(limit: Duration, is_true: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !is_true() {
        if start.elapsed() > limit {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// Communicates once, so that its partner is near its next operation or in it.
#[process]
fn meets_once_and_dies(end: End, partner_sends: bool, out: Sender<u32>, input: Receiver<u32>) {
    here();
    if partner_sends { input.recv().map(drop) } else { out.send(1) }.expect("the partner is there");
    end.now()
}

#[process]
fn goes_on_until_stopped(way: u32, out: Sender<u32>, input: Receiver<u32>, heard: Sender<(bool, String)>) {
    here();
    loop {
        let done = match way {
            0 => out.send(1),
            1 => {
                alt! { out ! 1 => Ok(()), after Duration::from_secs(600) => panic!("never told"), stopped why => Err(why) }
            }
            2 => input.recv().map(drop),
            3 => input.recv_with(drop),
            _ => {
                alt! { input ? _ => Ok(()), after Duration::from_secs(600) => panic!("never told"), stopped why => Err(why) }
            }
        };
        if done.is_err() {
            let cause = poisoned(done);
            let expected = if forked() { CauseKind::Killed } else { CauseKind::Panicked };
            heard.send((cause.kind() == expected, cause.to_string())).expect("there is room");
            return;
        }
    }
}

fn the_partner_of_a_killed_process_hears_who_and_how() {
    let all = (0..5).map(|way| (way, End::Kill)).chain(End::ALL.map(|end| (2, end)));
    for (way, end) in all {
        let ((out, far_in), (far_out, input)) = (channel(), channel());
        let (heard_out, heard) = channel::buffered(1);
        let raised = panic_of(|| {
            par! {
                meets_once_and_dies(end, way < 2, far_out, far_in).named("the victim"),
                goes_on_until_stopped(way, out, input, heard_out),
            }
        });
        assert!(raised.contains("the victim") && raised.contains(end.words()), "{end:?}: {raised}");
        let (kind, words) = heard.recv().expect("the partner was told");
        assert!(kind && words.contains("the victim"), "way {way}, {end:?}: {words}");
        assert!(!forked() || words.contains(end.words()), "way {way}, {end:?}: {words}");
    }
}

fn is_death_of(process: &str, end: End, error: &ProcessError) {
    let (name, words) = match error {
        ProcessError::Killed { process, how } if forked() => (process, how),
        ProcessError::Panicked { process, message } if !forked() => (process, message),
        other => panic!("{end:?} is {other:?}"),
    };
    assert!(name == process && words.contains(end.words()), "{end:?} is {error}");
}

fn a_caught_kill_is_an_error_and_retires() {
    for end in End::ALL {
        let ((_own, far_in), (far_out, input)) = (channel(), channel());
        let (caught, ()) = par! {
            meets_once_and_dies(end, false, far_out, far_in).named("the victim").catch(),
            move(input) {
                input.recv().expect("it sends once");
                retired(input.recv());
            },
        };
        is_death_of("the victim", end, &caught.expect_err("it died"));
    }
}

#[process]
fn works(fatal: u32, jobs: Receiver<u32>, results: Sender<u32>) {
    here();
    for job in &jobs {
        if job == fatal {
            End::Kill.now();
        }
        results.send(job * job)?;
    }
}

fn one_kill_in_a_farm_of_eight_leaves_seven_at_work() {
    let count = scale(100, 40) as u32;
    let ((jobs_out, jobs_in), (results_out, results_in)) = (channel(), channel());
    let ((), workers, mut got) = par! {
        source((0..count).collect(), jobs_out),
        8 * works(13, jobs_in, results_out).catch(),
        sink(results_in),
    };
    let errors: Vec<_> = workers.into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    is_death_of("works", End::Kill, &errors[0]);
    got.sort_unstable();
    assert!(got.into_iter().eq((0..count).filter(|&job| job != 13).map(|job| job * job)), "all results but one");
}

#[process]
fn fills_and_dies(out: Sender<String>, count: u32) {
    here();
    for number in 0..count {
        out.send(format!("message {number}, {}", "long ".repeat(number as usize * 20)))?;
    }
    End::Kill.now()
}

fn what_a_killed_process_has_buffered_stays() {
    let (out, input) = channel::buffered(5);
    let caught = par! { fills_and_dies(out, 5).catch() };
    assert!(caught.is_err());
    for number in 0..5 {
        let text = input.recv().expect("it was sent before the death");
        assert!(text.starts_with(&format!("message {number}, ")) && text.matches("long").count() == number * 20);
    }
    retired(input.recv());
}

#[process]
fn parent(pids: Sender<u32>, stop: Receiver<u32>, levels: u32) {
    here();
    pids.send(std::process::id())?;
    match levels {
        0 => drop(stop.recv()),
        _ => drop(par! { 2 * parent(pids, stop, levels - 1) }),
    }
}

fn a_killed_parent_takes_its_children_along() {
    let ((pids_out, pids), (_stop_out, stop)) = (channel(), channel());
    let ours = stop.clone();
    let (parent, family) = par! {
        parent(pids_out, stop, 2).catch(),
        move(pids, ours) {
            let mut family = vec![pids.recv().expect("the parent comes first")];
            family.extend((0..6).map(|_| pids.recv().expect("then its children and theirs")));
            if forked() {
                kill_from_outside(family[0], Signal::SIGKILL);
            } else {
                ours.poison();
            }
            family
        },
    };
    assert_eq!(parent.is_err(), forked());
    for pid in family.into_iter().filter(|_| forked()) {
        let gone = comes_true(Duration::from_secs(5), || matches!(state_of(pid), None | Some('Z')));
        assert!(gone, "process {pid} has outlived its parent");
    }
}

#[process]
fn parent_of_talkers(pid: Sender<u32>, out: Sender<u32>, input: Receiver<u32>) {
    here();
    pid.send(std::process::id())?;
    let talkers = || (out.clone(), input.clone());
    let ((one, two), (three, four)) = (talkers(), talkers());
    let _all = par! { counts_up(one), sink(two), counts_up(three), sink(four) };
}

/// They die after it, and before it is buried: now and then under the lock of a channel that it has ends of too.
fn a_killed_parent_is_buried_though_its_children_held_locks() {
    let ((pid_out, pid), (out, input)) = (channel(), channel());
    let ours = input.clone();
    let (caught, ()) = par! {
        parent_of_talkers(pid_out, out, input).catch(),
        move(pid, ours) {
            let pid = pid.recv().expect("it tells who it is");
            for _ in 0..3 {
                ours.recv().expect("its children talk");
            }
            if forked() {
                kill_from_outside(pid, Signal::SIGKILL);
            }
            ours.poison();
        },
    };
    assert_eq!(caught.is_err(), forked());
}

#[process]
fn chooses_for_ever(pid: Sender<u32>, out: Sender<u32>, input: Receiver<u32>, other: Receiver<u32>) {
    here();
    pid.send(std::process::id())?;
    loop {
        alt! { out ! 1 => {}, input ? _ => {}, other ?? _ => {} }
    }
}

fn a_process_killed_in_a_choice_frees_its_partners() {
    let ((pid_out, pid), (out, far_in)) = (channel(), channel());
    let ((far_out, input), (other_out, other)) = (channel(), channel());
    let ended = other.clone();
    let (caught, ()) = par! {
        chooses_for_ever(pid_out, out, input, other).catch(),
        move(pid, far_in, far_out, other_out, ended) {
            let pid = pid.recv().expect("it tells who it is");
            assert_eq!(far_in.recv(), Ok(1));
            assert_eq!(far_out.send(2), Ok(()));
            assert_eq!(other_out.send(3), Ok(()));
            if forked() {
                kill_from_outside(pid, Signal::SIGKILL);
                // It may have taken no more than it was offered before.
                while far_out.send(4).is_ok() {}
                retired(far_out.send(4));
                retired(far_in.recv());
            }
            ended.poison();
            poisoned(other_out.send(5));
        },
    };
    assert_eq!(caught.is_err(), forked());
}

#[process]
fn dies_in_the_body(input: Receiver<u32>) {
    here();
    input.recv_with(|_| End::Kill.now())?;
}

#[process]
fn dies_in_the_branch(input: Receiver<u32>) {
    here();
    alt! { input ?? _ => End::Kill.now() }
}

fn a_process_killed_in_an_extended_rendezvous_releases_the_sender() {
    for by_guard in [false, true] {
        let (out, input) = channel();
        let body = move |out: Sender<u32>| (out.send(1), out.send(2));
        let (caught, sent) = if by_guard {
            par! { dies_in_the_branch(input).catch(), move(out) { body(out) } }
        } else {
            par! { dies_in_the_body(input).catch(), move(out) { body(out) } }
        };
        assert!(caught.is_err());
        assert_eq!(sent.0, Ok(()), "it was received, by guard: {by_guard}");
        retired(sent.1);
    }
}

#[process]
fn dies_with_a_claim(out: Sender<u32>, spare: Sender<u32>) {
    here();
    alt! { out ! { if scale(1, 1) == 1 { End::Kill.now() } 1 } => {}, spare ! 0 => {} }
}

fn a_process_killed_with_a_claimed_guard_frees_the_receiver() {
    for way in 0..3 {
        let ((out, input), (spare, _spare_in)) = (channel::<u32>(), channel());
        let (caught, got) = par! {
            dies_with_a_claim(out, spare).catch(),
            move(input) {
                match way {
                    0 => input.recv(),
                    1 => input.recv_with(|value| value),
                    _ => alt! { input ? value => Ok(value), stopped why => Err(why) },
                }
            },
        };
        assert!(caught.is_err());
        assert!(got.is_err(), "nothing was sent, and nobody waits for ever");
    }
}

#[process]
fn stops_for_a_while(pid: Sender<u32>, go: Receiver<()>, out: Sender<u32>) {
    here();
    pid.send(std::process::id())?;
    if forked() {
        raise(Signal::SIGSTOP).expect("a process may stop itself");
    } else {
        go.recv()?;
    }
    out.send(7)?;
}

fn a_stopped_process_is_not_dead() {
    let ((pid_out, pid), (go_out, go), (out, input)) = (channel(), channel(), channel());
    let ((), ()) = par! {
        stops_for_a_while(pid_out, go, out),
        move(pid, go_out, input) {
            let pid = pid.recv().expect("it tells who it is");
            assert!(!forked() || comes_true(Duration::from_secs(30), || state_of(pid) == Some('T')));
            let got = input.recv_timeout(Duration::from_millis(30));
            assert!(matches!(got, Err(Refusal::TimedOut)), "{got:?}");
            if forked() {
                kill_from_outside(pid, Signal::SIGCONT);
            } else {
                go_out.send(()).expect("it waits");
            }
            assert_eq!(input.recv(), Ok(7));
        },
    };
}

#[process]
fn writes_and_ends(way: u32, number: &mut u32, text: &mut String) -> Result<(), Stopped> {
    here();
    *number += 1;
    text.push_str(" and more");
    match way {
        0 => Ok(()),
        1 => Err(Stopped::Retired),
        2 => panic!("on purpose"),
        _ => End::Kill.now(),
    }
}

fn what_is_lent_comes_back_unless_its_process_is_killed() {
    for way in 0..4 {
        let (mut number, mut text) = (1, "some".to_owned());
        let ended = par! { writes_and_ends(way, &mut number, &mut text).catch() };
        assert_eq!(ended.is_err(), way > 1);
        let came_back = !(way == 3 && forked());
        assert_eq!((number, &*text), if came_back { (2, "some and more") } else { (1, "some") }, "way {way}");
    }
}
