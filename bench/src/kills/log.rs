//! What happened in a network, written down by its processes in memory that nobody's death takes away.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use bytemuck::Zeroable;
use csp::Stopped;

use crate::shared::Shared;

/// Messages that a channel can tell apart: the network is stopped before.
pub(super) const MOST_MESSAGES: u64 = 1 << 20;

pub(super) const MOST_PROCESSES: usize = 64;
const MOST_CHANNELS: usize = 64;
const MOST_TEXT: usize = 512;

/// How a process has ended, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum End {
    Unknown = 0,
    Running = 1,
    Done = 2,
    Retired = 3,
    Poisoned = 4,
}

impl End {
    fn of(result: &Result<(), Stopped>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(Stopped::Retired) => Self::Retired,
            Err(Stopped::Poisoned(_)) => Self::Poisoned,
        }
    }

    fn from_word(word: u32) -> Self {
        [Self::Unknown, Self::Running, Self::Done, Self::Retired, Self::Poisoned][word as usize]
    }
}

#[derive(Zeroable)]
#[repr(C)]
struct ProcessEntry {
    pid: AtomicU32,
    end: AtomicU32,
    /// What `par!` said: 1 for a result, 2 for an error.
    reported: AtomicU32,
}

#[derive(Zeroable)]
#[repr(C)]
struct ChannelEntry {
    offered: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
    /// Received more than once.
    twice: AtomicU64,
    /// Received, but never offered, or with another content.
    strange: AtomicU64,
    /// A bit for each message: received.
    seen: [AtomicU64; (MOST_MESSAGES / 64) as usize],
}

type Text = [AtomicU8; MOST_TEXT];

#[derive(Zeroable)]
#[repr(C)]
struct Root {
    stop: AtomicU32,
    outcome: AtomicU32,
    /// Whether somebody has looked what was left over.
    audited: AtomicU32,
    leaked: Text,
    text: Text,
}

/// How the root's `par!` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Outcome {
    Unknown = 0,
    Returned = 1,
    Panicked = 2,
}

pub(super) struct Log {
    root: Shared<Root>,
    processes: Shared<ProcessEntry>,
    channels: Shared<ChannelEntry>,
}

/// The log of this try, which forked processes inherit.
pub(super) fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| Log {
        root: Shared::new(1),
        processes: Shared::new(MOST_PROCESSES),
        channels: Shared::new(MOST_CHANNELS),
    })
}

// Nothing is handed over through the log: each word stands for itself, and the referee reads after the writers' ends.
impl Log {
    /// Runs a process's body between its two entries.
    pub(super) fn run(&self, process: usize, body: impl FnOnce() -> Result<(), Stopped>) -> Result<(), Stopped> {
        let entry = &self.processes[process];
        entry.end.store(End::Running as u32, Ordering::Relaxed);
        entry.pid.store(std::process::id(), Ordering::Relaxed);
        let result = body();
        entry.end.store(End::of(&result) as u32, Ordering::Relaxed);
        result
    }

    pub(super) fn pid(&self, process: usize) -> Option<u32> {
        Some(self.processes[process].pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    pub(super) fn end(&self, process: usize) -> End {
        End::from_word(self.processes[process].end.load(Ordering::Relaxed))
    }

    /// Writes down what `par!` said of a process.
    pub(super) fn report(&self, process: usize, is_ok: bool) {
        self.processes[process].reported.store(if is_ok { 1 } else { 2 }, Ordering::Relaxed);
    }

    /// Whether `par!` had a result of the process, or nothing if it said nothing.
    pub(super) fn reported(&self, process: usize) -> Option<bool> {
        Some(self.processes[process].reported.load(Ordering::Relaxed)).filter(|word| *word != 0).map(|word| word == 1)
    }

    /// A number for the next message to be offered on `channel`, which nobody else gets.
    pub(super) fn offer(&self, channel: usize) -> u64 {
        self.channels[channel].offered.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn sent(&self, channel: usize) {
        self.channels[channel].sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Enters a message, which `differs` from what was sent with that number, if it says how.
    pub(super) fn received(&self, channel: usize, number: u64, differs: Option<String>) {
        let entry = &self.channels[channel];
        entry.received.fetch_add(1, Ordering::Relaxed);
        let offered = entry.offered.load(Ordering::Relaxed);
        match entry.seen.get((number / 64) as usize) {
            Some(word) if number < offered && differs.is_none() => {
                let bit = 1 << (number % 64);
                if word.fetch_or(bit, Ordering::Relaxed) & bit != 0 {
                    entry.twice.fetch_add(1, Ordering::Relaxed);
                }
            }
            _ => {
                entry.strange.fetch_add(1, Ordering::Relaxed);
                let how = differs.unwrap_or_default();
                self.write_text(&format!("channel {channel}: message {number} of {offered} {how}"));
            }
        }
    }

    pub(super) fn counts(&self, channel: usize) -> Counts {
        let entry = &self.channels[channel];
        let [sent, received, twice, strange] =
            [&entry.sent, &entry.received, &entry.twice, &entry.strange].map(|count| count.load(Ordering::Relaxed));
        Counts { sent, received, twice, strange }
    }

    /// Whether it is time to end, for whoever decides that in a network.
    pub(super) fn is_over(&self) -> bool {
        self.root[0].stop.load(Ordering::Relaxed) != 0 || self.is_full()
    }

    fn is_full(&self) -> bool {
        self.channels.iter().any(|channel| channel.offered.load(Ordering::Relaxed) > MOST_MESSAGES / 2)
    }

    pub(super) fn stop(&self) {
        self.root[0].stop.store(1, Ordering::Relaxed);
    }

    pub(super) fn set_outcome(&self, outcome: Outcome) {
        self.root[0].outcome.store(outcome as u32, Ordering::Relaxed);
    }

    pub(super) fn outcome(&self) -> Outcome {
        let word = self.root[0].outcome.load(Ordering::Relaxed);
        [Outcome::Unknown, Outcome::Returned, Outcome::Panicked][word as usize]
    }

    /// What was left over at the end of what was there at the beginning, in words: nothing, if all is well.
    pub(super) fn set_leaked(&self, leaked: &str) {
        write(&self.root[0].leaked, leaked);
        self.root[0].audited.store(1, Ordering::Relaxed);
    }

    /// What was left over, if the runtime could tell.
    pub(super) fn leaked(&self) -> Option<String> {
        (self.root[0].audited.load(Ordering::Relaxed) != 0).then(|| read(&self.root[0].leaked))
    }

    /// Keeps the beginning of a panic's text.
    pub(super) fn write_text(&self, text: &str) {
        write(&self.root[0].text, text);
    }

    pub(super) fn text(&self) -> String {
        read(&self.root[0].text)
    }
}

fn write(place: &Text, text: &str) {
    let padded = text.bytes().chain(std::iter::repeat(0));
    for (place, byte) in place.iter().zip(padded) {
        place.store(byte, Ordering::Relaxed);
    }
}

fn read(place: &Text) -> String {
    let bytes = place.iter().map(|byte| byte.load(Ordering::Relaxed));
    let bytes: Vec<u8> = bytes.take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a channel has carried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) twice: u64,
    pub(super) strange: u64,
}
