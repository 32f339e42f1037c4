//! Uses every macro without knowing any crate named `csp`, in the 2021 edition.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

use std::cell::RefCell;

use parallel::prelude::*;

/// A number under way.
#[message]
#[derive(Debug, Clone)]
pub struct Number(u32);

#[process]
fn numbers(below: u32, out: Sender<Number>) {
    for n in 0..below {
        out.send(same(Number(n)))?;
    }
}

#[process]
fn adder(numbers: Receiver<Number>, totals: Sender<RefCell<u32>>) {
    let total = RefCell::new(0);
    loop {
        alt! {
            numbers ? Number(n) => *total.borrow_mut() += n,
            stopped _ => break,
        }
    }
    totals.send(total)?;
}

#[io]
fn same(number: Number) -> Number {
    number
}

#[io]
async fn later(number: u32) -> u32 {
    std::future::ready(number).await
}

/// The sum of the numbers below `below`.
pub fn total(below: u32) -> u32 {
    let (numbers_out, numbers_in) = channel();
    let (total_out, total_in) = channel::local();
    let handle = spawn!(numbers(below, numbers_out));
    let ((), total) = par! {
        adder(numbers_in, total_out),
        {
            // In this edition a temporary of the tail outlives the body's locals, but not the pattern's.
            let total = pri_alt! { total_in ? total => *total.borrow(), };
            Ok(total)
        }
    };
    handle.join();
    let total: Result<u32, Stopped> = total;
    seq! { move(total) { later(total.unwrap_or(0)) } }
}
