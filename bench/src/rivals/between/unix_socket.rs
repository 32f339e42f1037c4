//! A pair of Unix sockets for each direction. They buffer: a send is no rendezvous.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use bytemuck::{Pod, cast_slice, cast_slice_mut};

use super::{Bytes, Numbers};

pub(super) struct UnixSocket;

impl Numbers for UnixSocket {
    type Yard = ();
    type Sender = UnixStream;
    type Receiver = UnixStream;

    fn yard(_wires: usize, _processes: usize) {}

    fn wire((): &mut ()) -> (UnixStream, UnixStream) {
        UnixStream::pair().expect("a pair of sockets")
    }

    fn send(sender: &mut UnixStream, number: u64) {
        sender.write_all(&number.to_ne_bytes()).expect("the reader stays");
    }

    fn recv(receiver: &mut UnixStream) -> u64 {
        let mut bytes = [0; 8];
        receiver.read_exact(&mut bytes).expect("the writer stays");
        u64::from_ne_bytes(bytes)
    }
}

impl Bytes for UnixSocket {
    type Sender = UnixStream;
    type Receiver = UnixStream;

    fn wire(_bytes: usize) -> (UnixStream, UnixStream) {
        <Self as Numbers>::wire(&mut ())
    }

    fn send<T: Pod>(sender: &mut UnixStream, message: &[T]) {
        sender.write_all(cast_slice(message)).expect("the reader stays");
    }

    fn recv<T: Pod>(receiver: &mut UnixStream, room: &mut Vec<T>) {
        receiver.read_exact(cast_slice_mut(room)).expect("the writer stays");
    }
}
