//! What can be measured, on whom, and with which parameters; see README.md for what each workload means.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::paper;
pub(crate) use crate::params::Params;

/// Declares an enum whose variants have one spelling: on the command line, in JSON and in tables.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum $name { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }

        #[allow(dead_code, reason = "not every enum is read from the command line")]
        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            pub(crate) fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }

            /// Every spelling, for an error that says what there is.
            pub(crate) fn names() -> String {
                Self::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ")
            }
        }
    };
}

pub(crate) use named;

named! {
    /// A program to measure.
    Workload {
        Pingpong = "pingpong",
        Stream = "stream",
        Ring = "ring",
        Commstime = "commstime",
        Choice = "choice",
        Mandelbrot = "mandelbrot",
        Spawn = "spawn",
        Switch = "switch",
        /// A ping-pong between two workers.
        Between = "between",
        /// Ring and commstime on one worker and on all.
        Workers = "workers",
        Start = "start",
        Memory = "memory",
        Tokens = "tokens",
        Primes = "primes",
        Idle = "idle",
        Timers = "timers",
        Sizes = "sizes",
        Death = "death",
        Deadlock = "deadlock",
        Limit = "limit",
        MacroCost = "macro-cost",
        Pi = "pi",
        CommstimePar = "commstime-par",
        OccamRing = "occam-ring",
        StressedAlt = "stressed-alt",
        ChoiceTime = "choice-time",
        Micro = "micro",
    }
}

named! {
    /// Who runs the program.
    Subject {
        CspThreads = "csp:threads",
        CspCoroutines = "csp:coroutines",
        CspProcesses = "csp:processes",
        /// What our coroutines stand on, without a scheduler.
        CorosenseiRaw = "corosensei-raw",
        /// A cache line that goes from core to core and back.
        CacheLine = "cache-line",
        Crossbeam = "crossbeam",
        Kanal = "kanal",
        /// Its async channels, on tokio's current-thread runtime.
        KanalAsync = "kanal-async",
        Flume = "flume",
        Std = "std",
        Rayon = "rayon",
        Tokio = "tokio",
        May = "may",
        /// Go with one thread that runs goroutines, and with two.
        Go1 = "go:1",
        Go2 = "go:2",
        /// The library of the paper, on greenlets.
        Pycsp = "pycsp",
        /// The kernel alone in one thread: no communication at all.
        Sequential = "sequential",
        /// The same program without our macros.
        ByHand = "by-hand",
        /// Between OS processes, from here on; the best of raw shared memory.
        ShmRaw = "shm-raw",
        Iceoryx2 = "iceoryx2",
        IpcChannel = "ipc-channel",
        Pipe = "pipe",
        UnixSocket = "unix-socket",
        /// A ring of processes in raw shared memory.
        FutexRing = "futex-ring",
        PipeRing = "pipe-ring",
        /// What a process costs at least.
        BareFork = "bare-fork",
    }
}

named! {
    /// Which guards a choice has.
    Kind {
        /// One reader over 8 writers.
        Inputs = "inputs",
        /// 4 input guards and 4 output guards.
        Mixed = "mixed",
    }
}

named! {
    /// One construct of the micro plan.
    Op {
        OneWay = "one-way",
        Echo = "echo",
        Extended = "extended",
        Alt2 = "alt-2",
        Alt4 = "alt-4",
        Alt8 = "alt-8",
        Pri2 = "pri-2",
        Pri4 = "pri-4",
        Pri8 = "pri-8",
        FarTimeout = "far-timeout",
        ParSkip = "par-skip",
        Spawn = "spawn",
        Reschedule = "reschedule",
    }
}

named! {
    /// Where messages go.
    Way {
        OneWay = "one-way",
        RoundTrip = "round-trip",
    }
}

named! {
    /// What a message of some size is, to ours; to the rivals it is bytes in each process's own memory.
    Payload {
        /// A `Vec<u8>`.
        Bytes = "u8",
        /// A `Vec<f64>`.
        Floats = "f64",
        /// A `Vec<u8>` that the receiver reads where it lies.
        InPlace = "in-place",
        /// The same, of messages that come seldom.
        InPlaceSeldom = "in-place-seldom",
        /// A `Mobile<[u8]>`, which moves.
        Mobile = "mobile",
    }
}

named! {
    /// Where the threads of a cell may run.
    Pinning {
        Unpinned = "unpinned",
        /// Every thread on the same core.
        Pinned = "pinned",
    }
}

named! {
    /// Which of a cell's two figures a record holds, where a workload has two.
    Measure {
        Wall = "wall",
        Cpu = "cpu",
        /// The median of what a cell has measured many times.
        P50 = "p50",
        /// Its 99th percentile.
        P99 = "p99",
    }
}

impl Subject {
    /// Whether its processes are OS processes: those are compared with one another.
    pub(crate) fn is_between(self) -> bool {
        use Subject::{BareFork, CspProcesses, FutexRing, Iceoryx2, IpcChannel, Pipe, PipeRing, ShmRaw, UnixSocket};
        matches!(
            self,
            CspProcesses | ShmRaw | Iceoryx2 | IpcChannel | Pipe | UnixSocket | FutexRing | PipeRing | BareFork
        )
    }

    /// The backend, where the subject is ours.
    pub(crate) fn backend(self) -> Option<&'static str> {
        self.name().strip_prefix("csp:")
    }

    /// Whether its processes are OS threads that talk within one program.
    pub(crate) fn has_threads(self) -> bool {
        matches!(self, Self::CspThreads | Self::Crossbeam | Self::Kanal | Self::Flume | Self::Std | Self::Rayon)
    }

    /// Whether it does the whole task, with another library: not what a task costs at least, or without anybody else.
    pub(crate) fn is_rival(self) -> bool {
        self.backend().is_none()
            && !matches!(self, Self::CacheLine | Self::CorosenseiRaw | Self::Sequential | Self::ByHand | Self::BareFork)
    }

    /// GOMAXPROCS, where the subject is Go.
    pub(crate) fn go_processors(self) -> Option<&'static str> {
        self.name().strip_prefix("go:")
    }
}

impl Workload {
    /// The unit of its figures: time / what it is divided by.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Pingpong | Self::Between => "ns/round trip",
            Self::Stream | Self::Choice | Self::StressedAlt | Self::ChoiceTime => "ns/message",
            Self::Ring | Self::Tokens | Self::OccamRing => "ns/communication",
            Self::Commstime | Self::CommstimePar => "ns/loop",
            Self::Workers => "ns/hop or loop",
            Self::Micro => "ns/operation",
            Self::Mandelbrot => "ms/picture",
            Self::Spawn => "ns/par",
            Self::Switch => "ns/switch",
            Self::Start => "ns/process",
            Self::Memory => "bytes/process",
            Self::Primes | Self::Limit | Self::Pi => "ms",
            Self::Idle => "ms/s",
            Self::Sizes | Self::Death | Self::Deadlock | Self::Timers => "µs",
            Self::MacroCost => "ms/build",
        }
    }

    /// Who is measured beside us.
    pub(crate) fn rivals(self) -> &'static [Subject] {
        use Subject::{
            BareFork, ByHand, CacheLine, CorosenseiRaw, Crossbeam, Flume, FutexRing, Go1, Go2, Iceoryx2, IpcChannel,
            Kanal, KanalAsync, May, Pipe, PipeRing, Pycsp, Rayon, Sequential, ShmRaw, Std, Tokio, UnixSocket,
        };
        match self {
            Self::Pingpong | Self::Stream => &[
                Crossbeam, Kanal, Flume, Std, Go1, Go2, KanalAsync, Tokio, May, ShmRaw, Iceoryx2, IpcChannel, Pipe,
                UnixSocket, Pycsp,
            ],
            Self::Ring => &[Crossbeam, Kanal, Flume, Std, Go1, Go2, KanalAsync, Tokio, May, FutexRing, PipeRing, Pycsp],
            Self::Commstime => &[Crossbeam, Kanal, Flume, Std, Go1, Go2, KanalAsync, Tokio, May, Pycsp],
            Self::Limit => &[Crossbeam, Kanal, Flume, Std],
            Self::Choice => &[Crossbeam, Flume, Go1, Go2, Tokio],
            Self::Mandelbrot => &[Rayon, Sequential],
            Self::Spawn => &[Std, BareFork],
            Self::Tokens => &[Go1, Go2, KanalAsync, Tokio, FutexRing, PipeRing, Pycsp],
            Self::Primes => &[Go1, Go2, KanalAsync, Tokio, Pycsp],
            Self::Memory => &[Go1, Go2, KanalAsync, Tokio],
            Self::Start => &[Go1, Go2, Tokio],
            Self::Switch => &[CorosenseiRaw, Go1, Go2, Tokio, May],
            Self::Sizes => &[ShmRaw, Iceoryx2, IpcChannel, Pipe, UnixSocket],
            Self::Death => &[Pipe],
            Self::Between => &[CacheLine],
            Self::Idle | Self::Timers | Self::Workers | Self::Deadlock => &[],
            Self::MacroCost => &[ByHand],
            Self::Pi => &[Rayon, Pycsp],
            Self::CommstimePar => &[Go1, Go2, KanalAsync, Tokio],
            Self::OccamRing => &[Crossbeam, Kanal, Flume, Std, Go1, Go2, KanalAsync, Tokio],
            Self::StressedAlt | Self::ChoiceTime => &[Crossbeam, Go1, Go2],
            Self::Micro => &[],
        }
    }

    /// Whether the two do the same task: between OS processes, or within one. Who only computes does it anyhow.
    pub(crate) fn compares(self, one: Subject, other: Subject) -> bool {
        one.is_between() == other.is_between() || matches!(self, Self::Mandelbrot | Self::MacroCost)
    }

    /// Whether `subject` takes part in this row.
    pub(crate) fn has(self, params: Params, subject: Subject) -> bool {
        match subject {
            Subject::CspThreads => match self {
                Self::Workers => false,                             // a thread has none
                Self::Start | Self::Memory => params.n() <= 15_000, // the system does not give so many threads
                Self::Primes => params.n() <= 1_000,                // it would take many minutes
                Self::Death => false,
                _ => true,
            },
            Subject::CspCoroutines => self != Self::Death,
            Subject::CspProcesses => match self {
                Self::Memory | Self::Switch | Self::MacroCost | Self::Between | Self::Workers => false, // they say nothing about processes of their own
                Self::Start | Self::Primes | Self::Limit => params.n() <= 2_000,
                Self::StressedAlt => params.n() * params.writers() <= 1_000,
                _ => true,
            },
            Subject::BareFork => params.n == Some(1),
            Subject::Std if self == Self::Spawn => params.n.is_none(),
            _ if self == Self::Sizes => {
                !matches!(params.payload(), Payload::InPlace | Payload::InPlaceSeldom | Payload::Mobile)
            }
            Subject::Sequential => params.workers == Some(1),
            Subject::Flume | Subject::Tokio => params.kind != Some(Kind::Mixed), // see README.md
            Subject::May => self != Self::Stream,                                // see rivals/may.rs
            _ => true,
        }
    }

    /// Whether running on one core is worth a look: not where the point is to use two, or to compile.
    pub(crate) fn pinnings(self) -> &'static [Pinning] {
        match self {
            Self::Mandelbrot | Self::Idle | Self::Timers | Self::Memory | Self::MacroCost | Self::Pi => {
                &[Pinning::Unpinned]
            }
            Self::OccamRing | Self::StressedAlt | Self::Micro | Self::Between | Self::Workers => &[Pinning::Unpinned],
            _ => Pinning::ALL,
        }
    }

    /// The rows to measure, where the command line chose none.
    ///
    /// `between` is whether OS processes are measured.
    pub(crate) fn rows(self, n: Option<usize>, size: Option<usize>, between: bool) -> Vec<Params> {
        let sized = |n| Params { n: Some(n), ..Params::default() };
        let rings: &[usize] = if between { &[8, 64, 512, 2_000] } else { &[8, 64, 512] };
        match self {
            Self::Ring => n.map_or_else(|| rings.to_vec(), |n| vec![n]).into_iter().map(sized).collect(),
            Self::Tokens => n
                .map_or_else(|| vec![8, 16, 32, 64], |n| vec![n])
                .into_iter()
                .flat_map(|n| {
                    BTreeSet::from([1, n / 2, n - 1])
                        .into_iter()
                        .map(move |tokens| Params { tokens: Some(tokens), ..sized(n) })
                })
                .collect(),
            Self::Start => n.map_or_else(|| vec![1, 100_000], |n| vec![n]).into_iter().map(sized).collect(),
            Self::Memory => vec![sized(n.unwrap_or(100_000))],
            Self::Primes => vec![sized(n.unwrap_or(4_000))],
            Self::Limit => vec![sized(n.unwrap_or(15_000))],
            Self::Choice => Kind::ALL.iter().map(|&kind| Params { kind: Some(kind), ..Params::default() }).collect(),
            Self::Mandelbrot => [1, 2]
                .map(|workers| Params { size: Some(size.unwrap_or(700)), workers: Some(workers), ..Params::default() })
                .to_vec(),
            Self::OccamRing => {
                let n = n.unwrap_or(256);
                let tokens = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 255];
                let fewer = tokens.into_iter().filter(|tokens| *tokens < n); // with as many as elements nobody can move
                fewer.map(|tokens| Params { tokens: Some(tokens), ..sized(n) }).collect()
            }
            Self::StressedAlt => {
                let loads = n.map_or_else(|| vec![(10, 10), (10, 100), (100, 10), (50, 50)], |n| vec![(n, 10)]);
                loads.into_iter().map(|(n, writers)| Params { writers: Some(writers), ..sized(n) }).collect()
            }
            Self::ChoiceTime => n.map_or_else(|| vec![1, 2, 4, 8], |n| vec![n]).into_iter().map(sized).collect(),
            Self::Micro => Op::ALL.iter().map(|&op| Params { op: Some(op), ..Params::default() }).collect(),
            Self::Pi => paper::WORKERS.map(|workers| Params { workers: Some(workers), ..Params::default() }).to_vec(),
            // Two that exchange a message; one that sends it to who starts it.
            Self::Spawn => vec![Params::default(), sized(1)],
            Self::Sizes => crate::sizes::sizes(size),
            Self::Death | Self::Deadlock => n.map_or_else(|| vec![2, 64], |n| vec![n]).into_iter().map(sized).collect(),
            Self::Workers => [Some(n.unwrap_or(8)), None]
                .into_iter()
                .flat_map(|n| [1, 0].map(|workers| Params { n, workers: Some(workers), ..Params::default() }))
                .collect(),
            _ => vec![Params::default()],
        }
    }

    /// Below this a time-out would hit healthy cells.
    pub(crate) fn least_timeout(self) -> Duration {
        match self {
            Self::MacroCost => Duration::from_secs(600), // the first cell builds the library
            _ => Duration::ZERO,
        }
    }

    /// What the two figures of a cell are, where it has two.
    pub(crate) fn measures(self) -> Option<(Measure, Measure)> {
        match self {
            Self::Mandelbrot | Self::MacroCost => Some((Measure::Wall, Measure::Cpu)),
            Self::Death | Self::Deadlock => Some((Measure::P50, Measure::P99)),
            _ => None,
        }
    }

    /// Whether the processes stand in a ring, which one alone is not.
    pub(crate) fn is_round(self) -> bool {
        matches!(self, Self::Ring | Self::Tokens | Self::Limit | Self::OccamRing | Self::Deadlock)
    }

    /// Whether a report tries greater and greater N, as far as each subject comes within a time budget.
    pub(crate) fn climbs(self) -> bool {
        matches!(self, Self::Ring | Self::Primes)
    }

    /// Whether `--n` means something.
    pub(crate) fn takes_n(self) -> bool {
        self.is_round()
            || matches!(
                self,
                Self::Start
                    | Self::Memory
                    | Self::Primes
                    | Self::Death
                    | Self::StressedAlt
                    | Self::ChoiceTime
                    | Self::Workers
            )
    }

    /// Whether `--size` means something.
    pub(crate) fn takes_size(self) -> bool {
        matches!(self, Self::Mandelbrot | Self::Sizes)
    }
}
