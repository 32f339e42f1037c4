//! The plain rendezvous: who gets what, when a send returns, what is given back.

use std::time::{Duration, Instant};

use csp::Refusal;
use csp::prelude::*;

use super::support::{
    Drops, nobody, recv_from_a_waiting, refused_where_memory_is_apart, retired, send_to_a_waiting, sink, source,
};
use crate::harness::{here, here_with, scale, scenarios};

scenarios![
    a_value_crosses_from_one_process_to_another,
    send_returns_only_when_a_receiver_has_the_value,
    each_message_reaches_exactly_one_receiver,
    a_receiver_shared_by_reference_gets_each_message_once,
    try_send_needs_a_waiting_receiver,
    try_recv_needs_a_waiting_sender,
    an_unsent_value_comes_back(main_only),
    a_timed_out_offer_is_withdrawn(main_only),
    send_with_a_time_limit_delivers_to_a_partner,
    large_and_empty_messages_arrive_whole,
    a_value_is_dropped_exactly_once(main_only),
    two_processes_exchange_in_both_directions,
    both_partners_block_on_threads_of_their_own,
    a_thousand_channels_in_one_process,
];

fn a_value_crosses_from_one_process_to_another() {
    let (out, input) = channel();
    let ((), got) = par! { source(vec![42], out), sink(input) };
    assert_eq!(got, [42]);
}

#[process]
fn sends_then_says_so(data: Sender<u32>, done: Sender<u32>, count: u32) {
    here();
    for value in 0..count {
        data.send(value)?;
        done.send(value)?;
    }
}

#[process]
fn looks_before_it_receives(data: Receiver<u32>, done: Receiver<u32>, count: u32) {
    here();
    for value in 0..count {
        for _ in 0..20 {
            nobody(done.try_recv()); // the sender cannot be past its send: nobody has received
        }
        assert_eq!(data.recv()?, value);
        assert_eq!(done.recv()?, value);
    }
}

fn send_returns_only_when_a_receiver_has_the_value() {
    let count = scale(50, 5) as u32;
    let ((data_out, data_in), (done_out, done_in)) = (channel(), channel());
    par! { sends_then_says_so(data_out, done_out, count), looks_before_it_receives(data_in, done_in, count) };
}

#[process]
fn numbered_source(number: usize, count: usize, out: Sender<(usize, usize)>) {
    here();
    for value in 0..count {
        out.send((number, value))?;
    }
}

fn each_message_reaches_exactly_one_receiver() {
    let count = scale(300, 10);
    let (out, input) = channel();
    let (_, sinks, ()) = par! {
        for number in 0..4 => numbered_source(number, count, out.clone()),
        4 * sink(input),
        { drop(out) }, // the last sender is gone when the four are
    };
    let mut all: Vec<(usize, usize)> = sinks.iter().flatten().copied().collect();
    for got in &sinks {
        for number in 0..4 {
            let of_one: Vec<_> = got.iter().filter(|(source, _)| *source == number).collect();
            assert!(of_one.is_sorted(), "a receiver sees each sender's values in order");
        }
    }
    all.sort_unstable();
    let expected: Vec<_> = (0..4).flat_map(|number| (0..count).map(move |value| (number, value))).collect();
    assert_eq!(all, expected);
}

#[process]
fn collects_from(input: &Receiver<u32>) -> Vec<u32> {
    here();
    input.iter().collect()
}

fn a_receiver_shared_by_reference_gets_each_message_once() {
    let count = scale(500, 20) as u32;
    let (out, input) = channel();
    let ((), first, second) = par! {
        source((0..count).collect(), out),
        collects_from(&input),
        collects_from(&input),
    };
    assert!(first.is_sorted() && second.is_sorted());
    let mut all = [first, second].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..count));
}

#[process]
fn receives_one<T: Message>(input: Receiver<T>) -> Result<T, Stopped> {
    here();
    input.recv()
}

fn try_send_needs_a_waiting_receiver() {
    let (out, input) = channel();
    for value in 0..3 {
        let refused = out.try_send(value).unwrap_err();
        assert_eq!(refused.value, value, "the value comes back");
        assert!(matches!(refused.reason, Refusal::NotReady));
    }
    let (got, ()) = par! { receives_one(input), move(out) { send_to_a_waiting(&out, 7) } };
    assert_eq!(got, Ok(7));
}

fn try_recv_needs_a_waiting_sender() {
    let (out, input) = channel();
    nobody(input.try_recv());
    let ((), got) = par! { source(vec![7], out), move(input) { (recv_from_a_waiting(&input), input.recv()) } };
    assert_eq!(got.0, 7);
    retired(got.1);
}

fn an_unsent_value_comes_back() {
    let (out, input) = channel::<String>();
    let refused = out.send_timeout("a".into(), Duration::from_millis(2)).unwrap_err();
    assert_eq!(refused.value, "a");
    assert!(matches!(refused.reason, Refusal::TimedOut));
    let refused = out.send_deadline("b".into(), Instant::now()).unwrap_err();
    assert_eq!(refused.value, "b");
    assert!(matches!(refused.reason, Refusal::TimedOut));

    let (gone, input_of_gone) = channel::<String>();
    drop(input_of_gone);
    let refused = gone.send_or_return("d".into()).unwrap_err();
    assert_eq!(refused.value, "d");
    assert!(matches!(refused.reason, Refusal::Stopped(Stopped::Retired)));
    retired(gone.send("e".into()));

    let other = out.clone();
    input.poison();
    for refused in [
        out.send_or_return("c".into()),
        out.try_send("c".into()),
        out.send_timeout("c".into(), Duration::from_secs(60)),
        other.send_deadline("c".into(), Instant::now() + Duration::from_secs(60)),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.value, "c");
        assert!(matches!(refused.reason, Refusal::Stopped(Stopped::Poisoned(_))), "{:?}", refused.reason);
    }
}

fn a_timed_out_offer_is_withdrawn() {
    let (out, input) = channel::<u32>();
    for _ in 0..3 {
        assert!(matches!(input.recv_timeout(Duration::from_millis(1)), Err(Refusal::TimedOut)));
        assert!(out.try_send(1).is_err(), "a receive that timed out must not take a value");
        assert!(out.send_timeout(2, Duration::from_millis(1)).is_err());
        nobody(input.try_recv());
    }
}

#[process]
fn sends_patiently(out: Sender<u32>) {
    here();
    out.send_timeout(1, Duration::from_secs(300))?;
    out.send_deadline(2, Instant::now() + Duration::from_secs(300))?;
}

#[process]
fn receives_patiently(input: Receiver<u32>) -> [u32; 2] {
    here();
    let first = input.recv_timeout(Duration::from_secs(300)).expect("a partner comes");
    [first, input.recv_deadline(Instant::now() + Duration::from_secs(300)).expect("a partner comes")]
}

fn send_with_a_time_limit_delivers_to_a_partner() {
    let begun = Instant::now();
    let (out, input) = channel();
    let ((), got) = par! { sends_patiently(out), receives_patiently(input) };
    assert_eq!(got, [1, 2]);
    assert!(begun.elapsed() < Duration::from_secs(200), "a partner ends the wait, not the limit");
}

fn large_and_empty_messages_arrive_whole() {
    let size = scale(1 << 20, 1 << 16);
    let picture: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
    let (out, input) = channel();
    let ((), got) = par! { source(vec![picture.clone(), vec![], picture.clone()], out), sink(input) };
    assert!(got == [picture.clone(), vec![], picture]);

    let (out, input) = channel();
    let ((), got) = par! { source(vec![(); 100], out), sink(input) };
    assert_eq!(got.len(), 100);

    let (out, input) = channel();
    let block = [0x5A_u64; 512];
    let ((), got) = par! { source(vec![block; 3], out), sink(input) };
    assert_eq!(got, [block; 3]);
}

fn a_value_is_dropped_exactly_once() {
    let drops = Drops::default();
    let made = &drops;
    let (out, input) = channel::local();
    let refused = refused_where_memory_is_apart(|| {
        par! {
            { for _ in 0..10 { out.send(made.value()).unwrap(); } },
            { for value in &input { drop(value); } },
        };
    });
    assert!(refused || drops.count() == 10, "sent and received");

    let drops = Drops::default();
    let (out, input) = channel::local();
    drop(out.try_send(drops.value()));
    assert_eq!(drops.count(), 1, "refused");
    drop(out.send_timeout(drops.value(), Duration::from_millis(1)));
    assert_eq!(drops.count(), 2, "timed out");
    drop(input);
    assert!(out.send(drops.value()).is_err());
    assert_eq!(drops.count(), 3, "retired");
}

#[process]
fn left_speaks_first(out: Sender<u64>, input: Receiver<u64>, rounds: u64) {
    here_with("pair");
    for round in 0..rounds {
        out.send(round)?;
        assert_eq!(input.recv()?, round * 2);
    }
}

#[process]
fn right_answers_double(input: Receiver<u64>, out: Sender<u64>) {
    here_with("pair");
    for value in &input {
        out.send(value * 2)?;
    }
}

fn two_processes_exchange_in_both_directions() {
    let ((question_out, question_in), (answer_out, answer_in)) = (channel(), channel());
    par! {
        left_speaks_first(question_out, answer_in, scale(2_000, 20) as u64),
        right_answers_double(question_in, answer_out),
    };
}

#[process]
fn waits_for_the_word(arrived: Sender<()>, word: Receiver<u32>) -> Result<u32, Stopped> {
    here_with("all waiting");
    arrived.send(())?;
    word.recv()
}

fn both_partners_block_on_threads_of_their_own() {
    let ((arrived, arrivals), (words, word)) = (channel(), channel());
    let (heard, ()) = par! {
        5 * waits_for_the_word(arrived, word),
        {
            (0..5).for_each(|_| arrivals.recv().unwrap()); // now all five are alive, and reported on which threads
            (0..5).for_each(|value| words.send(value).unwrap());
        },
    };
    let mut heard: Vec<u32> = heard.into_iter().map(Result::unwrap).collect();
    heard.sort_unstable();
    assert_eq!(heard, [0, 1, 2, 3, 4]);
}

#[process]
fn one_value_on_each(outs: Vec<Sender<usize>>) {
    here();
    for (number, out) in outs.iter().enumerate() {
        out.send(number)?;
    }
}

#[process]
fn one_value_from_each(inputs: Vec<Receiver<usize>>) {
    here();
    for (number, input) in inputs.iter().enumerate() {
        assert_eq!(input.recv()?, number);
    }
}

fn a_thousand_channels_in_one_process() {
    let (outs, inputs) = (0..scale(1_000, 50)).map(|_| channel()).unzip();
    par! { one_value_on_each(outs), one_value_from_each(inputs) };
}
