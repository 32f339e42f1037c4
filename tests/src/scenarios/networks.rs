//! Whole networks: commstime, rings, sieve, farm, tree.

use csp::prelude::*;

use super::support::sink;
use crate::harness::{first_run, here, here_with, scale, scenarios};

scenarios![
    commstime_counts,
    commstime_with_a_parallel_delta,
    one_token_goes_round_a_ring,
    many_tokens_go_round_a_ring,
    a_ring_with_room_for_one_token_more,
    tokens_go_round_a_crowded_ring,
    the_sieve_finds_303_primes,
    a_farm_by_choice_computes_squares,
    a_tree_of_adders,
];

#[process]
fn prefix(first: u64, input: Receiver<u64>, out: Sender<u64>) {
    here_with("all");
    out.send(first)?;
    for value in &input {
        out.send(value)?;
    }
}

#[process]
fn successor(input: Receiver<u64>, out: Sender<u64>) {
    here_with("all");
    for value in &input {
        out.send(value + 1)?;
    }
}

#[process]
fn delta(input: Receiver<u64>, one: Sender<u64>, two: Sender<u64>) {
    here_with("all");
    for value in &input {
        one.send(value)?;
        two.send(value)?;
    }
}

#[process]
fn parallel_delta(input: Receiver<u64>, one: Sender<u64>, two: Sender<u64>) {
    here_with("all");
    for value in &input {
        let (first, second) = par! { gives(&one, value), gives(&two, value) };
        first.and(second)?;
    }
}

#[process]
fn gives(out: &Sender<u64>, value: u64) -> Result<(), Stopped> {
    out.send(value)
}

#[process]
fn consumer(input: Receiver<u64>, count: u64) -> Result<(), Stopped> {
    here_with("all");
    for expected in 0..count {
        assert_eq!(input.recv()?, expected);
    }
    input.poison();
    Ok(())
}

fn commstime_counts() {
    let ((a_out, a_in), (b_out, b_in), (c_out, c_in), (d_out, d_in)) = (channel(), channel(), channel(), channel());
    let (_, _, _, counted) = par! {
        prefix(0, c_in, a_out),
        delta(a_in, b_out, d_out),
        successor(b_in, c_out),
        consumer(d_in, scale(1_000, 20) as u64),
    };
    assert_eq!(counted, Ok(()));
}

fn commstime_with_a_parallel_delta() {
    let ((a_out, a_in), (b_out, b_in), (c_out, c_in), (d_out, d_in)) = (channel(), channel(), channel(), channel());
    let (_, _, _, counted) = par! {
        prefix(0, c_in, a_out),
        parallel_delta(a_in, b_out, d_out),
        successor(b_in, c_out),
        consumer(d_in, scale(300, 8) as u64),
    };
    assert_eq!(counted, Ok(()));
}

#[process]
fn adds_one(input: Receiver<u64>, out: Sender<u64>) {
    here();
    for value in &input {
        out.send(value + 1)?;
    }
}

/// The root of a ring: injects `tokens`, lets them make `rounds` more turns, collects them.
#[process]
fn root(input: Receiver<u64>, out: Sender<u64>, tokens: u64, rounds: u64) -> Result<Vec<u64>, Stopped> {
    here();
    for _ in 0..tokens {
        out.send(0)?;
    }
    for _ in 0..rounds * tokens {
        let token = input.recv()?;
        out.send(token + 1)?;
    }
    (0..tokens).map(|_| input.recv().map(|token| token + 1)).collect()
}

fn run_ring(size: usize, tokens: u64, rounds: u64) {
    let (root_out, mut last) = channel();
    let mut links = Vec::new();
    for _ in 1..size {
        let (out, input) = channel();
        links.push((std::mem::replace(&mut last, input), out));
    }
    let (_, tokens_back) =
        par! { for (input, out) in links => adds_one(input, out), root(last, root_out, tokens, rounds) };
    let expected = size as u64 * (rounds + 1);
    assert_eq!(tokens_back, Ok(vec![expected; tokens as usize]), "N·(k+1) for each token");
}

fn one_token_goes_round_a_ring() {
    for size in [2, 3, 8, scale(64, 16)] {
        run_ring(size, 1, scale(20, 3) as u64);
    }
}

fn many_tokens_go_round_a_ring() {
    for tokens in [2, 5, 7] {
        run_ring(8, tokens, scale(50, 4) as u64);
    }
}

/// N − 1 tokens: exactly one element is free to receive at any time.
fn a_ring_with_room_for_one_token_more() {
    for size in [2, 4, 8] {
        run_ring(size, size as u64 - 1, scale(20, 4) as u64);
    }
}

/// More processes than a cache holds: there a worker looks ahead, down the chain of partners if one is ready, and along the queue if many are.
fn tokens_go_round_a_crowded_ring() {
    let size = if first_run() { scale(150, 12) } else { 12 };
    for tokens in [1, size as u64 / 3] {
        run_ring(size, tokens, scale(3, 1) as u64);
    }
}

#[process]
fn naturals(out: Sender<u32>, limit: u32) {
    here();
    for value in 2..limit {
        out.send(value)?;
    }
}

/// Takes its prime from the first number, and starts its successor with the rest.
#[process]
fn filter(input: Receiver<u32>, primes: Sender<u32>) {
    here();
    let Ok(prime) = input.recv() else { return };
    primes.send(prime)?;
    let (out, rest) = channel();
    par! {
        move(out) {
            for value in &input {
                if value % prime != 0 {
                    out.send(value)?;
                }
            }
        },
        filter(rest, primes),
    };
}

fn the_sieve_finds_303_primes() {
    let (limit, count, last) = if scale(1, 0) == 1 { (2_000, 303, 1_999) } else { (60, 17, 59) };
    let ((out, input), (primes_out, primes_in)) = (channel(), channel());
    let (_, _, primes) = par! { naturals(out, limit), filter(input, primes_out), sink(primes_in) };
    assert_eq!((primes.len(), primes.last()), (count, Some(&last)));
    assert!(primes.is_sorted());
}

/// The paper's producer-consumer: hands out jobs and takes results by one choice.
#[process]
fn farmer(jobs: Sender<u64>, results: Receiver<(u64, u64)>, count: u64) -> Result<u64, Stopped> {
    here();
    let (mut next, mut missing, mut sum) = (0, count, 0);
    while missing > 0 {
        alt! {
            results ? (job, square) => {
                assert_eq!(square, job * job);
                sum += square;
                missing -= 1;
            },
            (next < count) & jobs ! next => next += 1,
        }
    }
    Ok(sum)
}

#[process]
fn squares(jobs: Receiver<u64>, results: Sender<(u64, u64)>) {
    here();
    for job in &jobs {
        results.send((job, job * job))?;
    }
}

fn a_farm_by_choice_computes_squares() {
    let count = scale(500, 20) as u64;
    let ((jobs_out, jobs_in), (results_out, results_in)) = (channel(), channel());
    let (sum, _) = par! { farmer(jobs_out, results_in, count), 8 * squares(jobs_in, results_out) };
    assert_eq!(sum, Ok((0..count).map(|job| job * job).sum()));
}

#[process]
fn adder(depth: u32, out: Sender<u64>, rounds: u64) {
    here();
    if depth == 0 {
        for round in 0..rounds {
            out.send(round)?;
        }
        return;
    }
    let ((left_out, left), (right_out, right)) = (channel(), channel());
    par! {
        adder(depth - 1, left_out, rounds),
        adder(depth - 1, right_out, rounds),
        {
            for value in &left {
                out.send(value + right.recv()?)?;
            }
        },
    };
}

fn a_tree_of_adders() {
    let (depth, rounds) = (scale(5, 3) as u32, scale(30, 4) as u64);
    let (out, input) = channel();
    let ((), sums) = par! { adder(depth, out, rounds), sink(input) };
    assert!(sums.into_iter().eq((0..rounds).map(|round| round << depth)));
}
