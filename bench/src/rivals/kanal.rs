//! kanal's `bounded(0)`, on threads.

use kanal::{Receiver, Sender, bounded};

use super::{Gone, Rival};

pub(super) struct Kanal;

impl Rival for Kanal {
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn rendezvous() -> (Sender<u64>, Receiver<u64>) {
        bounded(0)
    }

    fn send(sender: &Sender<u64>, message: u64) -> Result<(), Gone> {
        sender.send(message).map_err(|_| Gone)
    }

    fn recv(receiver: &Receiver<u64>) -> Result<u64, Gone> {
        receiver.recv().map_err(|_| Gone)
    }
}
