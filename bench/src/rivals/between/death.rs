//! What the system alone does about a death: a pipe whose writer has been killed ends.

use std::io::{Read, Write, pipe};

use nix::unistd::pause;

use crate::cell::Outcome;
use crate::death::{SAMPLES, let_the_partner_fall_asleep, now, outcome};
use crate::forked::Forked;

/// Kills one process of a pair, of which there are `n / 2`, and asks when the other one has seen the end of the pipe.
pub(super) fn death(n: usize) -> Outcome {
    let mut samples = Vec::new();
    while samples.len() < SAMPLES {
        let mut pairs: Vec<_> = (0..n / 2).map(|_| pair()).collect();
        for (victim, partner, seen) in pairs.drain(..) {
            let_the_partner_fall_asleep();
            let killed = now();
            drop(victim);
            samples.push(seen() - killed);
            partner.join();
        }
    }
    outcome(samples)
}

/// A process that does nothing, one that waits for what it would say, and how to learn when that one was disappointed.
fn pair() -> (Forked, Forked, impl FnOnce() -> u64) {
    let (mut line, held) = pipe().expect("a pipe");
    let (mut times, mut times_out) = pipe().expect("a pipe");
    let victim = Forked::start(move || {
        let _held = held;
        loop {
            pause();
        }
    });
    let partner = Forked::start(move || {
        assert_eq!(line.read(&mut [0; 8]).expect("a pipe can be read"), 0, "nobody writes");
        times_out.write_all(&now().to_ne_bytes()).expect("the killer stays");
    });
    let seen = move || {
        let mut bytes = [0; 8];
        times.read_exact(&mut bytes).expect("the partner tells");
        u64::from_ne_bytes(bytes)
    };
    (victim, partner, seen)
}
