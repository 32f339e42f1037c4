//! The system's pipes. They hold 64 KiB: a send is no rendezvous.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};

use bytemuck::{Pod, cast_slice, cast_slice_mut};

use super::{Bytes, Numbers};
use crate::machine;

pub(super) struct Pipe;

impl Numbers for Pipe {
    type Yard = ();
    type Sender = PipeWriter;
    type Receiver = PipeReader;

    fn yard(_wires: usize, _processes: usize) {
        machine::allow_many_files().expect("as many open files as the system allows");
    }

    fn wire((): &mut ()) -> (PipeWriter, PipeReader) {
        let (receiver, sender) = pipe().expect("a pipe");
        (sender, receiver)
    }

    fn send(sender: &mut PipeWriter, number: u64) {
        sender.write_all(&number.to_ne_bytes()).expect("the reader stays");
    }

    fn recv(receiver: &mut PipeReader) -> u64 {
        let mut bytes = [0; 8];
        receiver.read_exact(&mut bytes).expect("the writer stays");
        u64::from_ne_bytes(bytes)
    }
}

impl Bytes for Pipe {
    type Sender = PipeWriter;
    type Receiver = PipeReader;

    fn wire(_bytes: usize) -> (PipeWriter, PipeReader) {
        <Self as Numbers>::wire(&mut ())
    }

    fn send<T: Pod>(sender: &mut PipeWriter, message: &[T]) {
        sender.write_all(cast_slice(message)).expect("the reader stays");
    }

    fn recv<T: Pod>(receiver: &mut PipeReader, room: &mut Vec<T>) {
        receiver.read_exact(cast_slice_mut(room)).expect("the writer stays");
    }
}
