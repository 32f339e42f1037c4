//! Messages of 8 bytes to 16 MiB between two processes: copied, read in place, or moved; see `stamp.rs` for the checks.

use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

use bytemuck::{cast_slice, cast_slice_mut};
use csp::prelude::*;
use csp::{Message, Mobile};

use super::timed;
use crate::stamp::{check, check_ends, stamp, stamp_ends, untimed};
use crate::timing::{WARM_UP, ns_per_round};
use crate::workload::{Params, Payload, Way};

/// µs a message, or a round trip.
pub(super) fn sizes(params: Params) -> f64 {
    let bytes = params.size();
    let nanoseconds = match (params.payload(), params.way()) {
        (Payload::Bytes, Way::OneWay) => ns_per_round(|messages| one_way::<Vec<u8>>(bytes, messages)),
        (Payload::Bytes, Way::RoundTrip) => ns_per_round(|trips| round_trips::<Vec<u8>>(bytes, trips)),
        (Payload::Floats, Way::OneWay) => ns_per_round(|messages| one_way::<Vec<f64>>(bytes, messages)),
        (Payload::Floats, Way::RoundTrip) => ns_per_round(|trips| round_trips::<Vec<f64>>(bytes, trips)),
        (Payload::InPlace, _) => ns_per_round(|messages| in_place(bytes, 0, messages)),
        (Payload::InPlaceSeldom, _) => ns_per_round(|messages| in_place(bytes, LARGEST, messages)),
        (Payload::Mobile, _) => ns_per_round(|trips| round_trips_of_mobile(bytes, trips)),
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

/// The largest message that is measured otherwise, in bytes.
const LARGEST: usize = 16 << 20;

/// What a message that is there already costs its receiver: each one has been put into the channel's buffer before the clock runs. To
/// put it there, its sender copies all of it; so very large ones are not as many as asked for, and stand for those that are left out.
/// `ballast`: the sender copies so many bytes of its own ahead of each, so that a small message comes as seldom as a large one, to a receiver
/// that has waited as long.
fn in_place(bytes: usize, ballast: usize, messages: u64) -> Duration {
    const MOST_COPIED: u64 = 1 << 30;
    let few = messages.min((MOST_COPIED / bytes.max(ballast) as u64).max(WARM_UP));
    let (sender, receiver) = channel::buffered(1);
    let (is_there_out, is_there) = channel();
    let (time, ()) = par! {
        reader(receiver, is_there, untimed(bytes), few),
        filler(sender, is_there_out, bytes, ballast),
    };
    timed(time).mul_f64(messages as f64 / few as f64)
}

#[process]
fn filler(messages: Sender<Vec<u8>>, is_there: Sender<()>, bytes: usize, ballast: usize) {
    let ballast = vec![0_u8; ballast];
    for number in 0.. {
        drop(black_box(black_box(&ballast).clone()));
        messages.send(stamped(bytes, number, untimed(bytes)))?;
        is_there.send(())?;
    }
}

#[process]
fn reader(messages: Receiver<Vec<u8>>, is_there: Receiver<()>, untimed: u64, timed: u64) -> Result<Duration, Stopped> {
    for number in 0..untimed {
        is_there.recv()?;
        messages.recv_in_place(|message| check(message, number, untimed))?;
    }
    let mut time = Duration::ZERO;
    for number in untimed..untimed + timed {
        is_there.recv()?;
        let start = Instant::now();
        messages.recv_in_place(|message| check_ends(message, number))?;
        time += start.elapsed();
    }
    Ok(time)
}

/// The same data there and back, moved. Only its ends are looked at: all else would take longer than to move it.
fn round_trips_of_mobile(bytes: usize, trips: u64) -> Duration {
    let (requests_out, requests) = channel();
    let (replies_out, replies) = channel();
    let (time, ()) = par! {
        mobile_client(requests_out, replies, bytes, trips),
        mobile_server(requests, replies_out, bytes),
    };
    timed(time)
}

#[process]
fn mobile_client(
    requests: Sender<Mobile<[u8]>>,
    replies: Receiver<Mobile<[u8]>>,
    bytes: usize,
    trips: u64,
) -> Result<Duration, Stopped> {
    let untimed = 2 * untimed(bytes);
    let mut data = Mobile::filled(bytes, 0);
    for number in (0..untimed).step_by(2) {
        stamp(&mut data, number, untimed);
        requests.send(data)?;
        data = replies.recv()?;
        check(&data, number + 1, untimed);
    }
    let start = Instant::now();
    for number in (untimed..untimed + 2 * trips).step_by(2) {
        stamp_ends(&mut data, number);
        requests.send(data)?;
        data = replies.recv()?;
        check_ends(&data, number + 1);
    }
    Ok(start.elapsed())
}

#[process]
fn mobile_server(requests: Receiver<Mobile<[u8]>>, replies: Sender<Mobile<[u8]>>, bytes: usize) {
    let untimed = 2 * untimed(bytes);
    for (number, mut data) in (0..).step_by(2).zip(&requests) {
        if number < untimed {
            check(&data, number, untimed);
            stamp(&mut data, number + 1, untimed);
        } else {
            check_ends(&data, number);
            stamp_ends(&mut data, number + 1);
        }
        replies.send(data)?;
    }
}
