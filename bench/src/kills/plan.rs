//! What a try does, all of it drawn from one seed: the network, who is linked with whom, and when the killer strikes.

use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::workload::named;

named! {
    /// The networks.
    Network {
        Ring = "ring",
        Commstime = "commstime",
        Choice = "choice",
        Farm = "farm",
        /// A pipeline of messages that are so long that both sides copy them at the same time.
        Chain = "chain",
    }
}

named! {
    /// A mistake that the audit must find: to test the campaign itself.
    Fault {
        /// A process does not end.
        Hang = "hang",
        /// A message counts as received twice.
        Twice = "twice",
        /// Messages count as sent that are not.
        Lost = "lost",
        /// A process ends without a word.
        Vanished = "vanished",
        /// A process outlives its parent.
        Orphan = "orphan",
        /// A message arrives that nobody sent.
        Strange = "strange",
        /// The parent of all keeps a channel that nobody uses.
        Leak = "leak",
    }
}

/// What a process does, over its inputs and outputs in the order of the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Decides when the ring ends.
    Origin,
    Element {
        has_token: bool,
    },
    Prefix,
    Successor,
    Delta,
    Consumer,
    Writer,
    Reader,
    /// Chooses over all its inputs and outputs.
    Chooser,
    Farmer,
    Worker,
}

/// Who uses a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Users {
    pub(super) senders: Vec<usize>,
    pub(super) receivers: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) network: Network,
    /// Whether each process is under `.catch()`.
    pub(super) caught: bool,
    pub(super) parts: Vec<Part>,
    pub(super) channels: Vec<Users>,
    /// Whether the killer waits until all processes have started.
    pub(super) begins_when_all_run: bool,
    /// How long after the one before each kill is.
    pub(super) kills: Vec<Duration>,
    /// Whether the first to be killed is the parent of all.
    pub(super) kills_root: bool,
    pub(super) fault: Option<Fault>,
}

impl Plan {
    /// The plan of this seed; `kills` is whether anybody can be killed.
    pub(super) fn new(seed: u64, kills: bool, fault: Option<Fault>) -> Self {
        let mut rng = Rng::with_seed(seed);
        let network = Network::ALL[rng.usize(..Network::ALL.len())];
        let (parts, channels) = match network {
            Network::Ring => ring(rng.usize(3..=24), &mut rng),
            Network::Commstime => commstime(),
            Network::Choice => choice(rng.usize(2..=4)),
            Network::Farm => farm(rng.usize(2..=8)),
            Network::Chain => chain(rng.usize(0..=4)),
        };
        let caught = rng.bool();
        let begins_when_all_run = rng.u8(..4) > 0;
        let kills_root = kills && rng.u8(..16) == 0;
        let count = if kills { rng.usize(1..=3.min(parts.len())) } else { 0 };
        let kills = (0..count).map(|_| moment(&mut rng)).collect();
        Self { network, caught, parts, channels, begins_when_all_run, kills, kills_root, fault }
    }

    /// What the plan says of who may die: the generator that draws the victims.
    pub(super) fn victims(seed: u64) -> Rng {
        Rng::with_seed(seed ^ 0x5bd1_e995_7b93_b1a3)
    }

    pub(super) fn users(&self, channel: usize) -> impl Iterator<Item = usize> + '_ {
        let Users { senders, receivers } = &self.channels[channel];
        senders.iter().chain(receivers).copied()
    }
}

/// From 1 µs to 16 ms, each order of magnitude as likely as any other.
fn moment(rng: &mut Rng) -> Duration {
    Duration::from_nanos((1_000.0 * 2.0_f64.powf(rng.f64() * 14.0)) as u64)
}

fn one_to_one(sender: usize, receiver: usize) -> Users {
    Users { senders: vec![sender], receivers: vec![receiver] }
}

fn ring(n: usize, rng: &mut Rng) -> (Vec<Part>, Vec<Users>) {
    let tokens = rng.usize(1..n);
    let parts = (0..n).map(|place| match place {
        0 => Part::Origin,
        _ => Part::Element { has_token: place < tokens },
    });
    (parts.collect(), (0..n).map(|place| one_to_one(place, (place + 1) % n)).collect())
}

fn commstime() -> (Vec<Part>, Vec<Users>) {
    let parts = vec![Part::Prefix, Part::Delta, Part::Successor, Part::Consumer];
    (parts, vec![one_to_one(0, 1), one_to_one(1, 2), one_to_one(1, 3), one_to_one(2, 0)])
}

/// Two choosers that share `n` writers and `n` readers, over one channel each, and are linked both ways.
fn choice(n: usize) -> (Vec<Part>, Vec<Users>) {
    let choosers = vec![0, 1];
    let mut parts = vec![Part::Chooser; 2];
    let mut channels = vec![one_to_one(0, 1), one_to_one(1, 0)];
    for _ in 0..n {
        channels.push(Users { senders: vec![parts.len()], receivers: choosers.clone() });
        parts.push(Part::Writer);
        channels.push(Users { senders: choosers.clone(), receivers: vec![parts.len()] });
        parts.push(Part::Reader);
    }
    (parts, channels)
}

fn chain(links: usize) -> (Vec<Part>, Vec<Users>) {
    let links = std::iter::repeat_n(Part::Successor, links);
    let parts: Vec<Part> = std::iter::once(Part::Writer).chain(links).chain([Part::Consumer]).collect();
    let channels = (1..parts.len()).map(|place| one_to_one(place - 1, place)).collect();
    (parts, channels)
}

fn farm(workers: usize) -> (Vec<Part>, Vec<Users>) {
    let workers: Vec<usize> = (1..=workers).collect();
    let parts = std::iter::once(Part::Farmer).chain(workers.iter().map(|_| Part::Worker)).collect();
    let jobs = Users { senders: vec![0], receivers: workers.clone() };
    (parts, vec![jobs, Users { senders: workers, receivers: vec![0] }])
}
