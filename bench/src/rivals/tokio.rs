//! tokio's `mpsc::channel(1)`, the narrowest it has: a buffer of one message, so less than a rendezvous.

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Gone;
use super::tasks::AsyncRival;

pub(super) struct Tokio;

impl AsyncRival for Tokio {
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn narrowest() -> (Sender<u64>, Receiver<u64>) {
        channel(1)
    }

    async fn send(sender: &Sender<u64>, message: u64) -> Result<(), Gone> {
        sender.send(message).await.map_err(|_| Gone)
    }

    async fn recv(receiver: &mut Receiver<u64>) -> Result<u64, Gone> {
        receiver.recv().await.ok_or(Gone)
    }
}
