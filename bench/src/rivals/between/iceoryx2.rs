//! iceoryx2's publish-subscribe services, polled. A buffer of two samples: a send is no rendezvous.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread::{available_parallelism, yield_now};
use std::time::Duration;

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::port::update_connections::ConnectionFailure;
use iceoryx2::prelude::*;
use iceoryx2::service::Service;
use iceoryx2::service::dynamic_config::publish_subscribe::DynamicConfig;
use iceoryx2::service::port_factory::PortFactory as _;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use super::{Bytes, Numbers};
use crate::shared::Shared;

pub(super) struct Iceoryx2;

/// How long one side waits for what the other one is creating: on a busy machine a second, which is the default, is too short.
const CREATION: Duration = Duration::from_secs(30);

/// The ports come into being in the process that uses them, at first use.
pub(super) struct Port<P> {
    service: String,
    bytes: usize,
    /// 1 once the subscriber has met the publisher: what is published before is lost, silently.
    met: Arc<Shared<AtomicU32>>,
    open: Option<(Node<ipc::Service>, P)>,
}

impl<P> Port<P> {
    fn both<Q>(bytes: usize) -> (Self, Port<Q>) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let service = format!("csp-bench/{}/{count}", std::process::id());
        let met = Arc::new(Shared::new(1));
        (
            Self { service: service.clone(), bytes, met: Arc::clone(&met), open: None },
            Port { service, bytes, met, open: None },
        )
    }

    fn open(&mut self, create: impl FnOnce(&Node<ipc::Service>, &ServiceName, usize, &AtomicU32) -> P) -> &P {
        let (_, port) = self.open.get_or_insert_with(|| {
            set_log_level(LogLevel::Error);
            let mut config = Config::global_config().clone();
            config.global.creation_timeout = CREATION;
            let node = NodeBuilder::new().config(&config).create::<ipc::Service>().expect("a node");
            let name = self.service.as_str().try_into().expect("a name for a service");
            let port = create(&node, &name, self.bytes, &self.met[0]);
            (node, port)
        });
        port
    }
}

/// The publisher waits until the subscriber has met it.
fn await_subscriber(met: &AtomicU32) {
    // SYNC met: what the subscriber has set up is there.
    while met.load(Ordering::Acquire) == 0 {
        yield_now();
    }
}

/// The subscriber waits for the publisher, connects with it, and tells it so.
fn meet_publisher(
    ports: &DynamicConfig<<ipc::Service as Service>::Bag>,
    connect: impl FnOnce() -> Result<bool, ConnectionFailure>,
    met: &AtomicU32,
) {
    while ports.number_of_publishers() == 0 {
        yield_now();
    }
    connect().expect("a connection with the publisher");
    // SYNC met: with `await_subscriber`.
    met.store(1, Ordering::Release);
}

impl Numbers for Iceoryx2 {
    type Yard = ();
    type Sender = Port<Publisher<ipc::Service, u64, ()>>;
    type Receiver = Port<Subscriber<ipc::Service, u64, ()>>;

    fn yard(_wires: usize, _processes: usize) {}

    fn wire((): &mut ()) -> (Self::Sender, Self::Receiver) {
        Port::both(0)
    }

    fn send(sender: &mut Self::Sender, number: u64) {
        let publisher = sender.open(|node, name, _, met| {
            let service = numbers(node, name);
            let publisher = service.publisher_builder().create().expect("a publisher");
            await_subscriber(met);
            publisher
        });
        publisher.send_copy(number).expect("the subscriber stays");
    }

    fn recv(receiver: &mut Self::Receiver) -> u64 {
        let subscriber = receiver.open(|node, name, _, met| {
            let service = numbers(node, name);
            let subscriber = service.subscriber_builder().create().expect("a subscriber");
            meet_publisher(service.dynamic_config(), || subscriber.has_samples(), met);
            subscriber
        });
        loop {
            if let Some(sample) = subscriber.receive().expect("the publisher stays") {
                return *sample;
            }
            poll_again();
        }
    }
}

fn numbers(node: &Node<ipc::Service>, name: &ServiceName) -> PortFactory<ipc::Service, u64, ()> {
    node.service_builder(name)
        .publish_subscribe::<u64>()
        .enable_safe_overflow(false)
        .open_or_create()
        .expect("a service")
}

impl Bytes for Iceoryx2 {
    type Sender = Port<Publisher<ipc::Service, [u8], ()>>;
    type Receiver = Port<Subscriber<ipc::Service, [u8], ()>>;

    fn wire(bytes: usize) -> (Self::Sender, Self::Receiver) {
        Port::both(bytes)
    }

    fn send<T: Pod>(sender: &mut Self::Sender, message: &[T]) {
        let publisher = sender.open(|node, name, bytes, met| {
            let service = bytes_service(node, name);
            let publisher = service.publisher_builder().initial_max_slice_len(bytes).create().expect("a publisher");
            await_subscriber(met);
            publisher
        });
        let sample = publisher.loan_slice_uninit(size_of_val(message)).expect("a sample to fill");
        sample.write_from_slice(cast_slice(message)).send().expect("the subscriber stays");
    }

    fn recv<T: Pod>(receiver: &mut Self::Receiver, room: &mut Vec<T>) {
        let subscriber = receiver.open(|node, name, _, met| {
            let service = bytes_service(node, name);
            let subscriber = service.subscriber_builder().create().expect("a subscriber");
            meet_publisher(service.dynamic_config(), || subscriber.has_samples(), met);
            subscriber
        });
        loop {
            if let Some(sample) = subscriber.receive().expect("the publisher stays") {
                cast_slice_mut(room).copy_from_slice(&sample);
                return;
            }
            poll_again();
        }
    }
}

fn bytes_service(node: &Node<ipc::Service>, name: &ServiceName) -> PortFactory<ipc::Service, [u8], ()> {
    node.service_builder(name)
        .publish_subscribe::<[u8]>()
        .enable_safe_overflow(false)
        .open_or_create()
        .expect("a service")
}

/// Lets time pass between two polls; where there is one core only, to the partner's good.
fn poll_again() {
    static ONE_CORE: LazyLock<bool> = LazyLock::new(|| available_parallelism().is_ok_and(|cores| cores.get() == 1));
    if *ONE_CORE { yield_now() } else { spin_loop() }
}
