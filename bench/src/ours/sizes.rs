//! Messages of 8 bytes to 16 MiB between two processes: copied, read in place, or moved; see `stamp.rs` for the checks.

use std::ops::Range;
use std::time::{Duration, Instant};

use bytemuck::{cast_slice, cast_slice_mut};
use csp::prelude::*;
use csp::{Message, Mobile};

use super::timed;
use crate::stamp::{check, stamp, untimed};
use crate::timing::ns_per_round;
use crate::workload::{Params, Payload, Way};

/// µs a message, or a round trip.
pub(super) fn sizes(params: Params) -> f64 {
    let bytes = params.size();
    let nanoseconds = match (params.payload(), params.way()) {
        (Payload::Bytes, Way::OneWay) => ns_per_round(|messages| one_way::<Vec<u8>>(bytes, messages)),
        (Payload::Bytes, Way::RoundTrip) => ns_per_round(|trips| round_trips::<Vec<u8>>(bytes, trips)),
        (Payload::Floats, Way::OneWay) => ns_per_round(|messages| one_way::<Vec<f64>>(bytes, messages)),
        (Payload::Floats, Way::RoundTrip) => ns_per_round(|trips| round_trips::<Vec<f64>>(bytes, trips)),
        (Payload::InPlace, Way::OneWay) => ns_per_round(|messages| one_way_in_place(bytes, messages)),
        (Payload::InPlace, Way::RoundTrip) => ns_per_round(|trips| round_trips_in_place(bytes, trips)),
        (Payload::Mobile, Way::OneWay) => ns_per_round(|messages| one_way::<Mobile<[u8]>>(bytes, messages)),
        (Payload::Mobile, Way::RoundTrip) => ns_per_round(|trips| round_trips::<Mobile<[u8]>>(bytes, trips)),
    };
    nanoseconds / 1e3
}

/// What a message of so many bytes is.
trait Carrier: Message {
    fn of(bytes: usize) -> Self;
    fn bytes(&self) -> &[u8];
    fn bytes_mut(&mut self) -> &mut [u8];
}

impl Carrier for Vec<u8> {
    fn of(bytes: usize) -> Self {
        vec![0; bytes]
    }

    fn bytes(&self) -> &[u8] {
        self
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}

impl Carrier for Vec<f64> {
    fn of(bytes: usize) -> Self {
        vec![0.0; bytes / size_of::<f64>()]
    }

    fn bytes(&self) -> &[u8] {
        cast_slice(self)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        cast_slice_mut(self)
    }
}

impl Carrier for Mobile<[u8]> {
    fn of(bytes: usize) -> Self {
        Mobile::filled(bytes, 0)
    }

    fn bytes(&self) -> &[u8] {
        self
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self
    }
}

/// A new message with this number.
fn stamped<M: Carrier>(bytes: usize, number: u64, untimed: u64) -> M {
    let mut message = M::of(bytes);
    stamp(message.bytes_mut(), number, untimed);
    message
}

fn one_way<M: Carrier>(bytes: usize, messages: u64) -> Duration {
    let (sender, receiver) = channel();
    let (time, ()) = par! {
        consumer::<M>(receiver, untimed(bytes), messages),
        producer::<M>(sender, bytes),
    };
    timed(time)
}

/// Makes each message anew: it gives them away.
#[process]
fn producer<M: Carrier>(messages: Sender<M>, bytes: usize) {
    for number in 0.. {
        messages.send(stamped(bytes, number, untimed(bytes)))?;
    }
}

#[process]
fn consumer<M: Carrier>(messages: Receiver<M>, untimed: u64, timed: u64) -> Result<Duration, Stopped> {
    let receive = |numbers: Range<u64>| -> Result<(), Stopped> {
        for number in numbers {
            check(messages.recv()?.bytes(), number, untimed);
        }
        Ok(())
    };
    receive(0..untimed)?;
    let start = Instant::now();
    receive(untimed..untimed + timed)?;
    Ok(start.elapsed())
}

fn round_trips<M: Carrier>(bytes: usize, trips: u64) -> Duration {
    let (requests_out, requests) = channel();
    let (replies_out, replies) = channel();
    let (time, ()) = par! {
        client::<M>(requests_out, replies, bytes, trips),
        server::<M>(requests, replies_out, bytes),
    };
    timed(time)
}

#[process]
fn client<M: Carrier>(
    requests: Sender<M>,
    replies: Receiver<M>,
    bytes: usize,
    trips: u64,
) -> Result<Duration, Stopped> {
    let untimed = 2 * untimed(bytes);
    // The message that comes back goes out again, with another stamp.
    let exchange = |mut message: M, numbers: Range<u64>| -> Result<M, Stopped> {
        for number in numbers.step_by(2) {
            stamp(message.bytes_mut(), number, untimed);
            requests.send(message)?;
            message = replies.recv()?;
            check(message.bytes(), number + 1, untimed);
        }
        Ok(message)
    };
    let message = exchange(M::of(bytes), 0..untimed)?;
    let start = Instant::now();
    exchange(message, untimed..untimed + 2 * trips)?;
    Ok(start.elapsed())
}

#[process]
fn server<M: Carrier>(requests: Receiver<M>, replies: Sender<M>, bytes: usize) {
    let untimed = 2 * untimed(bytes);
    for (trip, mut message) in (0..).zip(&requests) {
        check(message.bytes(), 2 * trip, untimed);
        stamp(message.bytes_mut(), 2 * trip + 1, untimed);
        replies.send(message)?;
    }
}

fn one_way_in_place(bytes: usize, messages: u64) -> Duration {
    let (sender, receiver) = channel();
    let (time, ()) = par! {
        reader(receiver, untimed(bytes), messages),
        producer::<Vec<u8>>(sender, bytes),
    };
    timed(time)
}

#[process]
fn reader(messages: Receiver<Vec<u8>>, untimed: u64, timed: u64) -> Result<Duration, Stopped> {
    let read = |numbers: Range<u64>| -> Result<(), Stopped> {
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
    let exchange = |numbers: Range<u64>| -> Result<(), Stopped> {
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
