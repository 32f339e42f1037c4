//! Model tests: loom runs the shipped operations in every order that a few preemptions allow.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p csp-runtime --lib model`. Each has a mutant, a deliberate mistake behind
//! `--cfg csp_mutants`, that it must catch: `.ci/mutants` shows that.

use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use loom::thread;

use crate::backend::Park;
use crate::backend::idleness::{Idleness, Settled};
use crate::backend::posted::Posted;
use crate::channel::{Channel, Patience, Receiver, Release, Sender, ends_for_model};
use crate::choice::{GuardList, Order, OutputSlot, Slot, deadline};
use crate::error::{Cause, CauseKind, Refusal, Stopped};
use crate::process::context::Context;
use crate::rendezvous::core::Side;
use crate::rendezvous::offer::Kind;

mod hatch;
mod locks;
mod watchers;

/// Parks on loom's primitives, and never spins: loom tries the orders, not the times.
struct ModelParker {
    notified: loom::sync::Mutex<bool>,
    wake: loom::sync::Condvar,
}

impl ModelParker {
    fn new() -> Self {
        Self { notified: loom::sync::Mutex::new(false), wake: loom::sync::Condvar::new() }
    }
}

impl Park for ModelParker {
    fn spin(&self, _attempt: u32) -> bool {
        false
    }

    /// A park with a deadline returns at once, so that the timeout may come at any moment.
    fn park(&self, until: Option<Instant>) {
        let mut notified = self.notified.lock().unwrap();
        while !*notified && until.is_none() {
            notified = self.wake.wait(notified).unwrap();
        }
        *notified = false;
    }

    fn unpark(&self) {
        *self.notified.lock().unwrap() = true;
        self.wake.notify_one();
    }
}

fn process() -> Context {
    of_kind(false)
}

/// One that never waits awake, as a coroutine.
fn sleeper() -> Context {
    of_kind(true)
}

fn of_kind(hosted: bool) -> Context {
    let parker = ModelParker::new();
    Context::of_model(Box::leak(Box::new(parker)), hosted)
}

/// Ends that are never dropped by the model's threads: whoever wants to retire says so.
type Ends = (ManuallyDrop<Sender<u32>>, ManuallyDrop<Receiver<u32>>);

fn channel() -> Arc<Ends> {
    let (sender, receiver) = ends_for_model::<u32>();
    Arc::new((ManuallyDrop::new(sender), ManuallyDrop::new(receiver)))
}

fn inner(ends: &Ends) -> &Arc<Channel> {
    ends.0.channel()
}

fn send(context: &Context, ends: &Ends, value: u32) -> Result<(), Refusal> {
    let mut value = value;
    let place = (&raw mut value).cast();
    // SAFETY: the place holds a message of the channel's type.
    unsafe { inner(ends).communicate_as(context, Kind::Send, place, Patience::Forever, Location::caller()) }.map(drop)
}

fn recv(context: &Context, ends: &Ends, patience: Patience) -> Result<u32, Refusal> {
    let mut slot = MaybeUninit::<u32>::uninit();
    let place = slot.as_mut_ptr().cast();
    // SAFETY: the slot has room for a message of the channel's type.
    unsafe { inner(ends).communicate_as(context, Kind::Receive, place, patience, Location::caller()) }?;
    // SAFETY: the operation succeeded.
    Ok(unsafe { slot.assume_init() })
}

/// Receives from whichever is ready: the channel's number and the value.
fn recv_any(context: &Context, channels: &[&Ends], timeout: bool) -> Result<Option<(u32, u32)>, Stopped> {
    let slot = Slot::new();
    let mut list = GuardList::<4>::new();
    let mut guards = list.gather();
    for (n, ends) in (0..).zip(channels) {
        guards.input(n, 0, Some(&ends.1), &slot);
    }
    if timeout {
        guards.after(u32::MAX, 0, Some(deadline(Duration::from_secs(3600))));
    }
    let chosen = guards.choose_as(context, Order::Priority, Location::caller())?;
    Ok((chosen.branch() != u32::MAX).then(|| (chosen.branch(), slot.take())))
}

/// Sends `value` to whichever is ready, or leaves the output's expression without one: the channel's number.
fn send_any(context: &Context, channels: &[&Ends], value: Option<u32>) -> Result<u32, Stopped> {
    let slot = OutputSlot::<u32>::new();
    let mut list = GuardList::<4>::new();
    let mut guards = list.gather();
    for (n, ends) in (0..).zip(channels) {
        guards.output(n, 0, Some(&ends.0), &slot);
    }
    let chosen = guards.choose_as(context, Order::Priority, Location::caller())?;
    let commit = slot.commit();
    match value {
        Some(value) => commit.send_as(context, value, Location::caller()),
        None => drop(commit),
    }
    Ok(chosen.branch())
}

fn cause() -> Cause {
    Cause::new(CauseKind::Explicit, "model")
}

/// No bound on preemptions.
const ALL: usize = usize::MAX;

/// Explores `run` with up to `preemptions` preemptions.
fn explore(preemptions: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = (preemptions < ALL).then_some(preemptions);
    builder.max_branches = 20_000;
    builder.check(run);
}

#[test]
fn a_message_passes_once_and_whole() {
    explore(3, || {
        let a = channel();
        let sender = {
            let a = a.clone();
            thread::spawn(move || send(&process(), &a, 7))
        };
        assert_eq!(recv(&process(), &a, Patience::Forever), Ok(7));
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn sleepers_are_completed_by_a_store_and_woken() {
    for [sends, receives] in [[true, true], [true, false], [false, true]] {
        explore(3, move || {
            let a = channel();
            let sender = {
                let a = a.clone();
                thread::spawn(move || send(&of_kind(sends), &a, 7))
            };
            assert_eq!(recv(&of_kind(receives), &a, Patience::Forever), Ok(7));
            assert_eq!(sender.join().unwrap(), Ok(()));
        });
    }
}

#[test]
fn choices_of_sleepers_meet_once() {
    explore(3, || {
        let (a, b) = (channel(), channel());
        let (c, d) = (a.clone(), b.clone());
        let sender = thread::spawn(move || send_any(&sleeper(), &[&d, &c], Some(7)).unwrap());
        let (received_on, value) = recv_any(&sleeper(), &[&a, &b], false).unwrap().unwrap();
        assert_eq!((value, received_on), (7, 1 - sender.join().unwrap()));
    });
}

/// A worker's word, what its thread sleeps on, the work that it was brought, and how many run: itself, and who brings.
struct Workplace {
    idle: Idleness,
    parker: ModelParker,
    work: loom::sync::atomic::AtomicUsize,
    running: loom::sync::atomic::AtomicUsize,
}

#[test]
fn work_is_never_left_beside_a_sleeping_worker() {
    use loom::sync::atomic::{AtomicUsize, Ordering};
    explore(3, || {
        let parker = ModelParker::new();
        let place = Arc::new(Workplace {
            idle: Idleness::new(),
            parker,
            work: AtomicUsize::new(0),
            running: AtomicUsize::new(3),
        });
        let bringers = [(); 2].map(|()| {
            let place = place.clone();
            thread::spawn(move || {
                place.work.fetch_add(1, Ordering::Release);
                let count_in = || drop(place.running.fetch_add(1, Ordering::AcqRel));
                if place.idle.rouse(count_in, || drop(place.running.fetch_sub(1, Ordering::AcqRel))) {
                    place.parker.unpark();
                }
                // Nobody sees zero while there is work.
                if place.running.fetch_sub(1, Ordering::AcqRel) == 1 {
                    assert_eq!(place.work.load(Ordering::Acquire), 0);
                }
            })
        });
        let mut done = 0;
        while done < 2 {
            if place.work.load(Ordering::Acquire) > 0 {
                place.work.fetch_sub(1, Ordering::AcqRel);
                done += 1;
                continue;
            }
            match place.idle.settle(|| place.work.load(Ordering::Acquire) > 0) {
                Settled::GoOn => continue,
                Settled::GoOnCountedTwice => {
                    place.running.fetch_sub(1, Ordering::AcqRel);
                    continue;
                }
                Settled::Sleep => {}
            }
            if place.running.fetch_sub(1, Ordering::AcqRel) == 1 {
                assert_eq!(place.work.load(Ordering::Acquire), 0);
            }
            while place.idle.is_idle() {
                place.parker.park(None);
            }
        }
        for bringer in bringers {
            bringer.join().unwrap();
        }
        assert_eq!(place.running.load(Ordering::Acquire), 1, "the worker, counted once");
    });
}

/// A coroutine's flag, how often it stands in the inbox, what its worker sleeps on, and the news that it looks at.
struct Letterbox {
    posted: Posted,
    inbox: loom::sync::atomic::AtomicUsize,
    parker: ModelParker,
    news: loom::sync::atomic::AtomicUsize,
}

#[test]
fn a_wake_up_from_elsewhere_is_never_lost() {
    use loom::sync::atomic::{AtomicUsize, Ordering};
    explore(3, || {
        let parker = ModelParker::new();
        let (inbox, news) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let letterbox = Arc::new(Letterbox { posted: Posted::new(), inbox, parker, news });
        let wakers = [(); 2].map(|()| {
            let letterbox = letterbox.clone();
            thread::spawn(move || {
                // The flag alone has to publish it.
                letterbox.news.fetch_add(1, Ordering::Relaxed);
                if letterbox.posted.enter() {
                    let before = letterbox.inbox.fetch_add(1, Ordering::Release);
                    assert_eq!(before, 0, "it is linked into the inbox once");
                    letterbox.parker.unpark();
                }
            })
        });
        // The coroutine parks until it has seen the news of both.
        while letterbox.news.load(Ordering::Relaxed) < 2 {
            while letterbox.inbox.swap(0, Ordering::Acquire) == 0 {
                letterbox.parker.park(None);
            }
            letterbox.posted.leave();
        }
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}

#[test]
fn an_extended_input_knows_its_sender() {
    explore(3, || {
        let a = channel();
        let sender = {
            let a = a.clone();
            thread::spawn(move || send(&process(), &a, 7))
        };
        let mut slot = MaybeUninit::<u32>::uninit();
        let (place, me) = (slot.as_mut_ptr().cast(), process());
        // SAFETY: the slot has room for a message of the channel's type.
        let paired = unsafe {
            inner(&a).communicate_as(&me, Kind::ReceiveExtended, place, Patience::Forever, Location::caller())
        };
        let mut release = Release::<u32>::new(paired.unwrap(), a.0.channel());
        // SAFETY: it was received into this slot, and is taken here alone.
        let place = unsafe { release.take(slot.as_mut_ptr()) };
        assert!(!std::ptr::eq(place, slot.as_ptr()), "it stays with the sender");
        // SAFETY: the sender's message lies there until it is released.
        assert_eq!(unsafe { place.read() }, 7);
        drop(release);
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_choice_takes_one_of_two_plain_senders_and_leaves_the_other() {
    explore(2, || {
        let (a, b) = (channel(), channel());
        let senders =
            [(a.clone(), 1), (b.clone(), 2)].map(|(ends, value)| thread::spawn(move || send(&process(), &ends, value)));
        let me = process();
        let (first, value) = recv_any(&me, &[&a, &b], false).unwrap().unwrap();
        assert_eq!(value, first + 1);
        let other = if first == 0 { (&b, 2) } else { (&a, 1) };
        assert_eq!(recv(&me, other.0, Patience::Forever), Ok(other.1));
        for sender in senders {
            assert_eq!(sender.join().unwrap(), Ok(()));
        }
    });
}

fn two_choices(reversed: bool) {
    explore(3, move || {
        let (a, b) = (channel(), channel());
        let (c, d) = (a.clone(), b.clone());
        let sender = thread::spawn(move || {
            let channels: [&Ends; 2] = if reversed { [&d, &c] } else { [&c, &d] };
            send_any(&process(), &channels, Some(7)).unwrap()
        });
        let (received_on, value) = recv_any(&process(), &[&a, &b], false).unwrap().unwrap();
        let sent_on = sender.join().unwrap();
        assert_eq!(value, 7);
        assert_eq!(received_on, if reversed { 1 - sent_on } else { sent_on });
    });
}

#[test]
fn two_choices_meet_once() {
    two_choices(false);
}

#[test]
fn two_choices_in_opposite_order_meet_once() {
    two_choices(true);
}

#[test]
fn crossed_choices_of_three_pair_up() {
    // Each of two receivers that choose may meet the one sender that chooses; the plain sender serves the other.
    explore(2, || {
        let (a, b) = (channel(), channel());
        let (c, d) = (a.clone(), b.clone());
        let sender = thread::spawn(move || {
            let me = process();
            let first = send_any(&me, &[&d, &c], Some(1)).unwrap();
            send(&me, if first == 0 { &c } else { &d }, 2)
        });
        let (e, f) = (a.clone(), b.clone());
        let receiver = thread::spawn(move || recv_any(&process(), &[&e, &f], false).unwrap().unwrap().1);
        let here = recv_any(&process(), &[&b, &a], false).unwrap().unwrap().1;
        let there = receiver.join().unwrap();
        assert_eq!(here + there, 3);
        assert_eq!(sender.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_timeout_and_a_commit_exclude_each_other() {
    explore(3, || {
        let a = channel();
        let receiver = {
            let a = a.clone();
            thread::spawn(move || {
                let received = recv_any(&process(), &[&a], true).unwrap().map(|(_, value)| value);
                // Whatever happened, the sender is to end.
                inner(&a).poison(Side::Receivers, cause());
                received
            })
        };
        let sent = send(&process(), &a, 7).is_ok();
        assert_eq!(receiver.join().unwrap(), sent.then_some(7));
    });
}

#[test]
fn a_plain_timeout_and_a_commit_exclude_each_other() {
    explore(3, || {
        let a = channel();
        let receiver = {
            let a = a.clone();
            thread::spawn(move || {
                let until = Instant::now() + Duration::from_secs(3600);
                let received = recv(&process(), &a, Patience::Until(until)).ok();
                inner(&a).poison(Side::Receivers, cause());
                received
            })
        };
        let sent = send(&process(), &a, 7).is_ok();
        assert_eq!(receiver.join().unwrap(), sent.then_some(7));
    });
}

#[test]
fn poison_and_a_commit_exclude_each_other() {
    explore(2, || {
        let (a, b) = (channel(), channel());
        let poisoner = {
            let b = b.clone();
            thread::spawn(move || inner(&b).poison(Side::Senders, cause()))
        };
        let sender = {
            let a = a.clone();
            thread::spawn(move || send(&process(), &a, 7).is_ok())
        };
        let me = process();
        let chosen = recv_any(&me, &[&a, &b], false);
        inner(&a).poison(Side::Receivers, cause());
        // The sender succeeded exactly if we have its value.
        assert_eq!(sender.join().unwrap(), matches!(chosen, Ok(Some((0, 7)))));
        poisoner.join().unwrap();
    });
}

#[test]
fn whoever_is_woken_by_poison_knows_of_an_odd_channel() {
    explore(3, || {
        let a = channel();
        let poisoner = {
            let a = a.clone();
            thread::spawn(move || inner(&a).poison(Side::Senders, cause()))
        };
        assert!(matches!(recv(&process(), &a, Patience::Forever), Err(Refusal::Stopped(Stopped::Poisoned(_)))));
        assert!(inner(&a).is_odd(), "its next choice looks at one guard only");
        poisoner.join().unwrap();
    });
}

#[test]
fn retirement_reaches_a_sender_that_arrives_at_the_same_time() {
    explore(3, || {
        let a = channel();
        let receiver = {
            let a = a.clone();
            thread::spawn(move || inner(&a).drop_end(Side::Receivers))
        };
        assert_eq!(send(&process(), &a, 7), Err(Refusal::Stopped(Stopped::Retired)));
        receiver.join().unwrap();
    });
}

#[test]
fn a_choice_ends_with_the_last_of_its_channels() {
    explore(2, || {
        let (a, b) = (channel(), channel());
        let leavers = [a.clone(), b.clone()].map(|ends| thread::spawn(move || inner(&ends).drop_end(Side::Senders)));
        assert_eq!(recv_any(&process(), &[&a, &b], false), Err(Stopped::Retired));
        for leaver in leavers {
            leaver.join().unwrap();
        }
    });
}

#[test]
fn an_output_expression_that_leaves_poisons_its_partner() {
    static POISONED: AtomicUsize = AtomicUsize::new(0);
    explore(3, || {
        let (a, b) = (channel(), channel());
        let (c, d) = (a.clone(), b.clone());
        let sender = thread::spawn(move || send_any(&process(), &[&c, &d], None).map(drop));
        let received = recv_any(&process(), &[&a, &b], false);
        let Err(Stopped::Poisoned(cause)) = received else { panic!("no message was sent, but {received:?} came") };
        assert_eq!(cause.kind(), CauseKind::Abandoned);
        assert_eq!(sender.join().unwrap(), Ok(()));
        POISONED.fetch_add(1, Ordering::Relaxed);
    });
    assert!(POISONED.load(Ordering::Relaxed) > 1);
}
