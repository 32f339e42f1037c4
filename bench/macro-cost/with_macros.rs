//! A farm and a ring of four as a user writes them: every construct that a usual program has.

use csp::prelude::*;

#[message]
struct Square {
    of: u64,
    is: u64,
}

#[process]
fn farmer(jobs: Sender<u64>, squares: Receiver<Square>, count: u64) -> Result<u64, Stopped> {
    let (mut next, mut missing, mut sum) = (0, count, 0);
    while missing > 0 {
        alt! {
            squares ? square => {
                assert_eq!(square.of * square.of, square.is);
                sum += square.is;
                missing -= 1;
            }
            (next < count) & jobs ! next => next += 1,
        }
    }
    Ok(sum)
}

#[process]
fn worker(jobs: Receiver<u64>, squares: Sender<Square>) {
    for of in &jobs {
        squares.send(Square { of, is: of * of })?;
    }
}

#[process]
fn prefix(first: u64, input: Receiver<u64>, output: Sender<u64>) {
    output.send(first)?;
    for number in &input {
        output.send(number)?;
    }
}

#[process]
fn delta(input: Receiver<u64>, first: Sender<u64>, second: Sender<u64>) {
    for number in &input {
        first.send(number)?;
        second.send(number)?;
    }
}

#[process]
fn successor(input: Receiver<u64>, output: Sender<u64>) {
    for number in &input {
        output.send(number + 1)?;
    }
}

#[process]
fn last(numbers: Receiver<u64>, count: usize) -> Result<u64, Stopped> {
    for _ in 1..count {
        numbers.recv()?;
    }
    numbers.recv()
}

fn main() -> Result<(), Stopped> {
    let (jobs_out, jobs_in) = channel();
    let (squares_out, squares_in) = channel();
    let (sum, _) = par! {
        farmer(jobs_out, squares_in, 100),
        4 * worker(jobs_in, squares_out),
    };
    println!("{}", sum?);

    let (prefix_out, delta_in) = channel();
    let (delta_out, successor_in) = channel();
    let (successor_out, prefix_in) = channel();
    let (numbers_out, numbers) = channel();
    let (_, _, _, number) = par! {
        prefix(0, prefix_in, prefix_out),
        delta(delta_in, numbers_out, delta_out),
        successor(successor_in, successor_out),
        last(numbers, 100),
    };
    println!("{}", number?);
    Ok(())
}
