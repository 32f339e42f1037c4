//! Messages from 8 bytes to 16 MiB between two processes; see `stamp.rs` for how they are checked.

use std::time::{Duration, Instant};

use bytemuck::Pod;

use super::Bytes;
use crate::forked::Forked;
use crate::stamp::{check, stamp, untimed};

/// One process sends, the other receives. The sender makes each message anew, as it has to where messages are moved.
pub(super) fn one_way<R: Bytes, T: Pod>(bytes: usize, messages: u64) -> Duration {
    let (mut sender, mut receiver) = R::wire(bytes);
    let untimed = untimed(bytes);
    let producer = Forked::start(move || {
        for number in 0..untimed + messages {
            let mut message = vec![T::zeroed(); bytes / size_of::<T>()];
            stamp(&mut message, number, untimed);
            R::send(&mut sender, &message);
        }
    });
    let mut room = vec![T::zeroed(); bytes / size_of::<T>()];
    let mut receive = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            R::recv(&mut receiver, &mut room);
            check(&room, number, untimed);
        }
    };
    receive(0..untimed);
    let start = Instant::now();
    receive(untimed..untimed + messages);
    let taken = start.elapsed();
    producer.join();
    taken
}

/// Two processes: there and back, the same message with another stamp.
pub(super) fn round_trips<R: Bytes, T: Pod>(bytes: usize, trips: u64) -> Duration {
    let (mut requests_out, mut requests) = R::wire(bytes);
    let (mut replies_out, mut replies) = R::wire(bytes);
    let untimed = untimed(bytes);
    let all = 2 * (untimed + trips);
    let mut message = vec![T::zeroed(); bytes / size_of::<T>()];
    let server = Forked::start(move || {
        let mut message = vec![T::zeroed(); bytes / size_of::<T>()];
        for number in (0..all).step_by(2) {
            R::recv(&mut requests, &mut message);
            check(&message, number, 2 * untimed);
            stamp(&mut message, number + 1, 2 * untimed);
            R::send(&mut replies_out, &message);
        }
    });
    let mut exchange = |numbers: std::ops::Range<u64>| {
        for number in numbers.step_by(2) {
            stamp(&mut message, number, 2 * untimed);
            R::send(&mut requests_out, &message);
            R::recv(&mut replies, &mut message);
            check(&message, number + 1, 2 * untimed);
        }
    };
    exchange(0..2 * untimed);
    let start = Instant::now();
    exchange(2 * untimed..all);
    let taken = start.elapsed();
    server.join();
    taken
}
