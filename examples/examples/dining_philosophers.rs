//! The dining philosophers (Edsger Dijkstra), with a butler, so that nobody starves.
//!
//! Each philosopher needs the forks to the left and to the right. Were all to sit down and take the left
//! one, they would wait for ever; so the butler never seats the last of them: a *precondition* switches
//! that guard off.
//!
//! ```sh
//! cargo run --release --example dining_philosophers    # 5 philosophers, 100 meals each
//! cargo run --release --example dining_philosophers -- 20 1000
//! ```

use std::iter::{repeat_n, zip};

use csp::prelude::*;
use csp_examples::cli;

/// A philosopher's way to the table and back.
#[message]
#[derive(Clone)]
struct Seat {
    sit: Sender<()>,
    leave: Sender<()>,
}

/// Sits down, takes both forks, eats, puts them back, leaves.
#[process]
fn philosopher(left: Sender<()>, right: Sender<()>, seat: Seat, meals: usize) {
    for _ in 0..meals {
        seat.sit.send(())?;
        left.send(())?;
        right.send(())?;
        // Eating.
        left.send(())?;
        right.send(())?;
        seat.leave.send(())?;
    }
}

/// Lies between two philosophers. Whoever takes it has to put it back first. Counts how often it is used.
#[process]
fn fork(one: Receiver<()>, other: Receiver<()>) -> Result<usize, Stopped> {
    let mut used = 0;
    loop {
        alt! {
            one ? () => one.recv()?,
            other ? () => other.recv()?,
            stopped why => return if why.is_retired() { Ok(used) } else { Err(why) },
        }
        used += 1;
    }
}

/// Keeps one seat free. Returns how many seats were taken at most.
#[process]
fn butler(sit: Receiver<()>, leave: Receiver<()>, seats: usize) -> Result<usize, Stopped> {
    let (mut seated, mut most) = (0, 0);
    loop {
        alt! {
            (seated < seats - 1) & sit ? () => seated += 1,
            leave ? () => seated -= 1,
            stopped why => return if why.is_retired() { Ok(most) } else { Err(why) },
        }
        most = most.max(seated);
    }
}

fn main() -> Result<(), Stopped> {
    let [seats, meals] = cli::numbers([("PHILOSOPHERS", 5, 2..=100_000), ("MEALS", 100, 1..=1_000_000_000)]);

    let (sit, sitting) = channel().named("sit");
    let (leave, leaving) = channel().named("leave");
    let (lefts, left_forks): (Vec<_>, Vec<_>) = (0..seats).map(|_| channel().named("left")).unzip();
    let (rights, mut right_forks): (Vec<_>, Vec<_>) = (0..seats).map(|_| channel().named("right")).unzip();
    right_forks.rotate_right(1); // the fork to my left is the one to my neighbour's right

    let (most, uses, _) = par! {
        butler(sitting, leaving, seats),
        for (left, right) in zip(left_forks, right_forks) => fork(left, right),
        for ((left, right), seat) in zip(zip(lefts, rights), repeat_n(Seat { sit, leave }, seats)) =>
            philosopher(left, right, seat, meals),
    };

    assert!(most? < seats, "the butler seated everybody");
    for used in uses {
        assert_eq!(used?, 2 * meals, "a philosopher ate without a fork");
    }
    println!("{seats} philosophers ate {meals} meals each, and were never all at the table");
    Ok(())
}
