//! The sieve of Eratosthenes as a pipeline that grows by one process for every prime it finds.
//!
//! ```sh
//! cargo run --release --example sieve                  # the primes to 2000
//! cargo run --release --example sieve -- 10000
//! ```

use csp::prelude::*;
use csp_examples::cli;

/// The first number that arrives is a prime. What it does not divide goes to another `sieve`.
#[process]
fn sieve(numbers: Receiver<usize>, primes: Sender<usize>) {
    let prime = numbers.recv()?;
    primes.send(prime)?;
    let (kept, rest) = channel();
    par! {
        filter(prime, numbers, kept),
        sieve(rest, primes),
    };
}

#[process]
fn filter(prime: usize, numbers: Receiver<usize>, kept: Sender<usize>) {
    for number in numbers.iter().filter(|number| number % prime != 0) {
        kept.send(number)?;
    }
}

#[process]
fn generate(limit: usize, numbers: Sender<usize>) {
    for number in 2..=limit {
        numbers.send(number)?;
    }
}

#[process]
fn collect(primes: Receiver<usize>) -> Vec<usize> {
    primes.iter().collect()
}

fn main() {
    let [limit] = cli::numbers([("LIMIT", 2000, 2..=100_000)]);

    let (numbers_out, numbers_in) = channel();
    let (primes_out, primes_in) = channel();
    let (_, _, primes) = par! {
        generate(limit, numbers_out),
        sieve(numbers_in, primes_out),
        collect(primes_in),
    };

    let last = primes.last().expect("2 is always there");
    println!("{} primes up to {limit}, the last is {last}", primes.len());
}
