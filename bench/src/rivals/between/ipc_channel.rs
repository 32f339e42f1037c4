//! ipc-channel: typed channels for numbers, byte channels for what is large, as its documentation advises. They buffer.

use bytemuck::allocation::{pod_collect_to_vec, try_cast_vec};
use bytemuck::{Pod, cast_slice};
use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcReceiver, IpcSender};

use super::{Bytes, Numbers};

pub(super) struct IpcChannel;

impl Numbers for IpcChannel {
    type Yard = ();
    type Sender = IpcSender<u64>;
    type Receiver = IpcReceiver<u64>;

    fn yard(_wires: usize, _processes: usize) {}

    fn wire((): &mut ()) -> (IpcSender<u64>, IpcReceiver<u64>) {
        ipc::channel().expect("a channel")
    }

    fn send(sender: &mut IpcSender<u64>, number: u64) {
        sender.send(number).expect("the receiver stays");
    }

    fn recv(receiver: &mut IpcReceiver<u64>) -> u64 {
        receiver.recv().expect("the sender stays")
    }
}

impl Bytes for IpcChannel {
    type Sender = IpcBytesSender;
    type Receiver = IpcBytesReceiver;

    fn wire(_bytes: usize) -> (IpcBytesSender, IpcBytesReceiver) {
        ipc::bytes_channel().expect("a channel")
    }

    fn send<T: Pod>(sender: &mut IpcBytesSender, message: &[T]) {
        sender.send(cast_slice(message)).expect("the receiver stays");
    }

    fn recv<T: Pod>(receiver: &mut IpcBytesReceiver, room: &mut Vec<T>) {
        let bytes = receiver.recv().expect("the sender stays");
        *room = try_cast_vec(bytes).unwrap_or_else(|(_, bytes)| pod_collect_to_vec(&bytes));
    }
}
