//! kanal's `bounded_async(0)`: a true rendezvous, between tasks of tokio.

use kanal::{AsyncReceiver, AsyncSender, bounded_async};

use super::Gone;
use super::tasks::AsyncRival;

pub(super) struct KanalAsync;

impl AsyncRival for KanalAsync {
    type Sender = AsyncSender<u64>;
    type Receiver = AsyncReceiver<u64>;

    fn narrowest() -> (AsyncSender<u64>, AsyncReceiver<u64>) {
        bounded_async(0)
    }

    async fn send(sender: &AsyncSender<u64>, message: u64) -> Result<(), Gone> {
        sender.send(message).await.map_err(|_| Gone)
    }

    async fn recv(receiver: &mut AsyncReceiver<u64>) -> Result<u64, Gone> {
        receiver.recv().await.map_err(|_| Gone)
    }
}
