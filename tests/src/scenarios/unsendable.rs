//! Messages with an end that cannot move to another OS process: whoever sends one panics, and what was in it goes as if it had been dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};

use csp::__private::audit;
use csp::CauseKind;
use csp::prelude::*;

use super::support::{panic_of, panic_text, poison_kind};
use crate::harness::{backend_name, here_in_main, here_on, scale, scenarios};

scenarios![
    an_end_that_cannot_be_sent_poisons_its_channel,
    what_stands_before_it_in_the_message_goes_too,
    an_output_guard_whose_message_cannot_be_sent_lets_its_partner_go,
    a_moving_message_with_several_ends_of_its_own_channel,
    two_threads_move_channels_that_hold_each_other,
    an_output_that_cannot_be_sent_is_its_starters_panic,
];

/// On one thread nothing goes to another OS process, and everything can be sent.
fn far_is_near() -> bool {
    here_in_main();
    backend_name() == "seeded"
}

#[message]
struct Request {
    data: Mobile<[u8]>,
    first: Option<Sender<u32>>,
    last: Sender<u32>,
}

impl Request {
    fn of(first: Option<Sender<u32>>, last: Sender<u32>) -> Self {
        Self { data: Mobile::filled(1000, 1), first, last }
    }
}

#[process]
fn serves(requests: Receiver<Request>) -> usize {
    here_on(Backend::Processes);
    requests.iter().count()
}

#[process]
fn asks(requests: Sender<Request>, request: Request) {
    requests.send(request)?;
}

#[process]
fn asks_in_a_choice(requests: Sender<Request>, request: Request) {
    alt! { requests ! request => {} }
}

#[process]
fn hears_of_a_panic(answers: Receiver<u32>) {
    assert_eq!(poison_kind(answers.recv()), CauseKind::Panicked);
}

/// The second one can move as long as nobody waits on it.
#[process]
fn hears_twice_of_a_panic(answers: Receiver<u32>, firsts: Receiver<u32>) {
    assert_eq!(poison_kind(answers.recv()), CauseKind::Panicked);
    assert_eq!(poison_kind(firsts.recv()), CauseKind::Panicked);
}

/// The collector is told, and does not wait for ever.
fn an_end_that_cannot_be_sent_poisons_its_channel() {
    if far_is_near() {
        return;
    }
    let ((requests_out, requests), (reply, answers)) = (channel(), channel::local());
    let request = Request::of(None, reply);
    let refusal = panic_of(|| {
        par! {
            backend = Backend::Threads;
            hears_of_a_panic(answers),
            asks(requests_out, request),
            serves(requests).on(Backend::Processes),
        }
    });
    assert!(refusal.contains("channel::local"), "{refusal}");
}

/// It has its ticket already, and its data has one too.
fn what_stands_before_it_in_the_message_goes_too() {
    if far_is_near() {
        return;
    }
    {
        let ((requests_out, requests), (first, firsts), (reply, answers)) = (channel(), channel(), channel::local());
        let request = Request::of(Some(first), reply);
        let refusal = panic_of(|| {
            par! {
                backend = Backend::Threads;
                hears_twice_of_a_panic(answers, firsts),
                asks(requests_out, request),
                serves(requests).on(Backend::Processes),
            }
        });
        assert!(refusal.contains("channel::local"), "{refusal}");
    }
    let left = audit();
    for kind in ["Channel", "Holding", "Message", "Mobile"] {
        assert_eq!(left.blocks.get(kind), None, "{left}");
    }
}

fn an_output_guard_whose_message_cannot_be_sent_lets_its_partner_go() {
    if far_is_near() {
        return;
    }
    let ((requests_out, requests), (reply, answers)) = (channel(), channel::local());
    let (others, request) = (requests_out.clone(), Request::of(None, reply));
    let refusal = panic_of(|| {
        par! {
            backend = Backend::Threads;
            hears_of_a_panic(answers),
            asks_in_a_choice(requests_out, request),
            serves(requests).on(Backend::Processes),
        }
    });
    assert!(refusal.contains("channel::local"), "{refusal}");
    let (reply, _answers) = channel();
    assert_eq!(poison_kind(others.send(Request::of(None, reply))), CauseKind::Abandoned);
}

#[message]
struct Mine(Receiver<Mine>, Receiver<Mine>);

#[process]
fn takes_mine(input: &Receiver<Mine>) {
    drop(input.recv());
}

/// They are dropped while their channel is moving, and held for that.
fn a_moving_message_with_several_ends_of_its_own_channel() {
    if far_is_near() {
        return;
    }
    par! { backend = Backend::Threads; {
        let (out, input) = channel::buffered(2);
        out.send(Mine(input.clone(), input.clone())).unwrap();
        let refusal = panic_of(|| par! { backend = Backend::Processes; takes_mine(&input) });
        assert!(refusal.contains("one of its own ends"), "{refusal}");
        assert_eq!(poison_kind(out.send(Mine(input.clone(), input))), CauseKind::Panicked);
    } };
}

#[process]
fn gives_what_stays() -> Receiver<u32> {
    here_on(Backend::Processes);
    channel::local().1
}

/// It panics where its starter's frames are above it, which are not its own.
fn an_output_that_cannot_be_sent_is_its_starters_panic() {
    if far_is_near() {
        return;
    }
    let starter = std::process::id();
    let refusal = panic_of(|| par! { gives_what_stays().on(Backend::Processes) });
    assert!(std::process::id() == starter && refusal.contains("channel::local"), "{refusal}");
}

/// Its bytes take long to move.
#[message]
struct Leads(Vec<Vec<u8>>, Receiver<Leads>);

#[process]
fn looks_on(_ways: &Sender<Leads>) {}

#[process]
fn forks_with(ways: &Sender<Leads>) -> String {
    let forked = catch_unwind(AssertUnwindSafe(|| par! { backend = Backend::Processes; looks_on(ways) }));
    forked.map_or_else(|panic| panic_text(&*panic), |()| String::new())
}

/// Each channel's lock is held while the other one moves, as an end of that lies in it.
fn two_threads_move_channels_that_hold_each_other() {
    if far_is_near() {
        return;
    }
    for _ in 0..scale(20, 1) {
        par! { backend = Backend::Threads; {
            let ((out, input), (other_out, other_input)) = (channel::buffered(1), channel::buffered(1));
            let long = || vec![vec![1; 1000]; 1000];
            out.send(Leads(long(), other_input)).unwrap();
            other_out.send(Leads(long(), input)).unwrap();
            let (words, other_words) = par! { forks_with(&out), forks_with(&other_out) };
            // Whoever comes second finds a channel without its message.
            let all = words + &other_words;
            assert!(all.contains("one of its own ends"), "{all}");
        } };
    }
}
