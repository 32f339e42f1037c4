//! What people use between OS processes: the same programs over each, in forked processes that share nothing else.

mod bare_fork;
mod death;
mod futex;
mod iceoryx2;
mod ipc_channel;
mod networks;
mod pipe;
mod shm_raw;
mod sizes;
mod unix_socket;

use bytemuck::Pod;

use crate::cell::{Cell, Outcome};
use crate::timing::ns_per_round;
use crate::workload::{Subject, Way, Workload};

/// A way to send `u64` from one process to another.
trait Numbers {
    /// What so many wires are made from, before the processes that use them.
    type Yard;
    type Sender;
    type Receiver;
    /// A yard for `wires` between `processes`.
    fn yard(wires: usize, processes: usize) -> Self::Yard;
    fn wire(yard: &mut Self::Yard) -> (Self::Sender, Self::Receiver);
    fn send(sender: &mut Self::Sender, number: u64);
    fn recv(receiver: &mut Self::Receiver) -> u64;
}

/// A way to send messages of one size from one process to another, out of and into each one's own memory.
trait Bytes {
    type Sender;
    type Receiver;
    /// A wire for messages of so many bytes.
    fn wire(bytes: usize) -> (Self::Sender, Self::Receiver);
    fn send<T: Pod>(sender: &mut Self::Sender, message: &[T]);
    /// Receives into `room`, which has the message's length.
    fn recv<T: Pod>(receiver: &mut Self::Receiver, room: &mut Vec<T>);
}

/// Runs `cell`, whose subject works between OS processes and is not ours.
///
/// # Panics
/// If the subject has no such program, or a result is wrong.
pub(super) fn run(cell: Cell) -> Outcome {
    match cell.subject {
        Subject::ShmRaw | Subject::FutexRing => network::<shm_raw::ShmRaw>(cell),
        Subject::Iceoryx2 => network::<iceoryx2::Iceoryx2>(cell),
        Subject::IpcChannel => network::<ipc_channel::IpcChannel>(cell),
        Subject::Pipe if cell.workload == Workload::Death => death::death(cell.params.n()),
        Subject::Pipe | Subject::PipeRing => network::<pipe::Pipe>(cell),
        Subject::UnixSocket => network::<unix_socket::UnixSocket>(cell),
        Subject::BareFork => ns_per_round(bare_fork::spawn).into(),
        other => panic!("{} does not work between OS processes", other.name()),
    }
}

fn network<R: Numbers + Bytes>(cell: Cell) -> Outcome {
    match cell.workload {
        Workload::Pingpong => ns_per_round(networks::pingpong::<R>).into(),
        Workload::Stream => ns_per_round(networks::stream::<R>).into(),
        Workload::Ring => {
            let n = cell.params.n();
            (ns_per_round(|laps| networks::ring::<R>(n, 1, laps)) / n as f64).into()
        }
        Workload::Tokens => {
            let (n, tokens) = (cell.params.n(), cell.params.tokens());
            (ns_per_round(|laps| networks::ring::<R>(n, tokens, laps)) / (n * tokens) as f64).into()
        }
        Workload::Sizes => {
            let (bytes, way) = (cell.params.size(), cell.params.way());
            let nanoseconds = match (cell.params.payload().is_floats(), way) {
                (false, Way::OneWay) => ns_per_round(|messages| sizes::one_way::<R, u8>(bytes, messages)),
                (false, Way::RoundTrip) => ns_per_round(|trips| sizes::round_trips::<R, u8>(bytes, trips)),
                (true, Way::OneWay) => ns_per_round(|messages| sizes::one_way::<R, f64>(bytes, messages)),
                (true, Way::RoundTrip) => ns_per_round(|trips| sizes::round_trips::<R, f64>(bytes, trips)),
            };
            (nanoseconds / 1e3).into()
        }
        other => panic!("{} has no {}", cell.subject.name(), other.name()),
    }
}
