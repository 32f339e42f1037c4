//! Messages of 8 bytes to 16 MiB between two processes: vectors, moved or read in place; see `stamp.rs` for the checks.

use std::time::{Duration, Instant};

use bytemuck::Pod;
use csp::Message;
use csp::prelude::*;

use super::timed;
use crate::stamp::{check, stamp, untimed};
use crate::timing::ns_per_round;
use crate::workload::{Params, Payload, Way};

/// µs a message, or a round trip.
pub(super) fn sizes(params: Params) -> f64 {
    let bytes = params.size();
    let nanoseconds = match (params.payload(), params.way()) {
        (Payload::Bytes, Way::OneWay) => ns_per_round(|messages| one_way::<u8>(bytes, messages)),
        (Payload::Bytes, Way::RoundTrip) => ns_per_round(|trips| round_trips::<u8>(bytes, trips)),
        (Payload::Floats, Way::OneWay) => ns_per_round(|messages| one_way::<f64>(bytes, messages)),
        (Payload::Floats, Way::RoundTrip) => ns_per_round(|trips| round_trips::<f64>(bytes, trips)),
        (Payload::InPlace, Way::OneWay) => ns_per_round(|messages| one_way_in_place(bytes, messages)),
        (Payload::InPlace, Way::RoundTrip) => ns_per_round(|trips| round_trips_in_place(bytes, trips)),
    };
    nanoseconds / 1e3
}

fn one_way<T: Pod + Message>(bytes: usize, messages: u64) -> Duration {
    let (sender, receiver) = channel();
    let (time, ()) = par! {
        consumer::<T>(receiver, untimed(bytes), messages),
        producer::<T>(sender, bytes),
    };
    timed(time)
}

/// Makes each message anew: it gives them away.
#[process]
fn producer<T: Pod + Message>(messages: Sender<Vec<T>>, bytes: usize) {
    for number in 0.. {
        let mut message = vec![T::zeroed(); bytes / size_of::<T>()];
        stamp(&mut message, number, untimed(bytes));
        messages.send(message)?;
    }
}

#[process]
fn consumer<T: Pod + Message>(messages: Receiver<Vec<T>>, untimed: u64, timed: u64) -> Result<Duration, Stopped> {
    let receive = |numbers: std::ops::Range<u64>| -> Result<(), Stopped> {
        for number in numbers {
            check(&messages.recv()?, number, untimed);
        }
        Ok(())
    };
    receive(0..untimed)?;
    let start = Instant::now();
    receive(untimed..untimed + timed)?;
    Ok(start.elapsed())
}

fn round_trips<T: Pod + Message>(bytes: usize, trips: u64) -> Duration {
    let (requests_out, requests) = channel();
    let (replies_out, replies) = channel();
    let (time, ()) = par! {
        client::<T>(requests_out, replies, bytes, trips),
        server::<T>(requests, replies_out, bytes),
    };
    timed(time)
}

/// Sends the message that came back, with another stamp.
#[process]
fn client<T: Pod + Message>(
    requests: Sender<Vec<T>>,
    replies: Receiver<Vec<T>>,
    bytes: usize,
    trips: u64,
) -> Result<Duration, Stopped> {
    let untimed = 2 * untimed(bytes);
    let mut message = vec![T::zeroed(); bytes / size_of::<T>()];
    let mut exchange = |numbers: std::ops::Range<u64>| -> Result<(), Stopped> {
        for number in numbers.step_by(2) {
            stamp(&mut message, number, untimed);
            requests.send(std::mem::take(&mut message))?;
            message = replies.recv()?;
            check(&message, number + 1, untimed);
        }
        Ok(())
    };
    exchange(0..untimed)?;
    let start = Instant::now();
    exchange(untimed..untimed + 2 * trips)?;
    Ok(start.elapsed())
}

#[process]
fn server<T: Pod + Message>(requests: Receiver<Vec<T>>, replies: Sender<Vec<T>>, bytes: usize) {
    let untimed = 2 * untimed(bytes);
    for (trip, mut message) in (0..).zip(&requests) {
        check(&message, 2 * trip, untimed);
        stamp(&mut message, 2 * trip + 1, untimed);
        replies.send(message)?;
    }
}

fn one_way_in_place(bytes: usize, messages: u64) -> Duration {
    let (sender, receiver) = channel();
    let (time, ()) = par! {
        reader(receiver, untimed(bytes), messages),
        producer::<u8>(sender, bytes),
    };
    timed(time)
}

#[process]
fn reader(messages: Receiver<Vec<u8>>, untimed: u64, timed: u64) -> Result<Duration, Stopped> {
    let read = |numbers: std::ops::Range<u64>| -> Result<(), Stopped> {
        for number in numbers {
            messages.recv_in_place(|message| check(message, number, untimed))?;
        }
        Ok(())
    };
    read(0..untimed)?;
    let start = Instant::now();
    read(untimed..untimed + timed)?;
    Ok(start.elapsed())
}

fn round_trips_in_place(bytes: usize, trips: u64) -> Duration {
    let (requests_out, requests) = channel();
    let (replies_out, replies) = channel();
    let (time, ()) = par! {
        reading_client(requests_out, replies, bytes, trips),
        reading_server(requests, replies_out, bytes),
    };
    timed(time)
}

/// Sends a new message as soon as it has read the reply to the last one.
#[process]
fn reading_client(
    requests: Sender<Vec<u8>>,
    replies: Receiver<Vec<u8>>,
    bytes: usize,
    trips: u64,
) -> Result<Duration, Stopped> {
    let untimed = 2 * untimed(bytes);
    let exchange = |numbers: std::ops::Range<u64>| -> Result<(), Stopped> {
        for number in numbers.step_by(2) {
            requests.send(stamped(bytes, number, untimed))?;
            replies.recv_in_place(|reply| check(reply, number + 1, untimed))?;
        }
        Ok(())
    };
    exchange(0..untimed)?;
    let start = Instant::now();
    exchange(untimed..untimed + 2 * trips)?;
    Ok(start.elapsed())
}

#[process]
fn reading_server(requests: Receiver<Vec<u8>>, replies: Sender<Vec<u8>>, bytes: usize) {
    let untimed = 2 * untimed(bytes);
    for trip in 0.. {
        requests.recv_in_place(|request| check(request, 2 * trip, untimed))?;
        replies.send(stamped(bytes, 2 * trip + 1, untimed))?;
    }
}

fn stamped(bytes: usize, number: u64, untimed: u64) -> Vec<u8> {
    let mut message = vec![0; bytes];
    stamp(&mut message, number, untimed);
    message
}
