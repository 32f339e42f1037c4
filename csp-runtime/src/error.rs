//! What can go wrong with a channel operation, and why.

use std::fmt;
use std::sync::Arc;

/// Why a channel operation did not take place, and never will on this channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The channel was retired: every end of the other side is gone.
    Retired,
    /// The channel was poisoned, and by what.
    Poisoned(Cause),
}

impl Stopped {
    /// Whether this is [`Stopped::Retired`].
    #[must_use]
    pub fn is_retired(&self) -> bool {
        matches!(self, Stopped::Retired)
    }

    /// Whether this is [`Stopped::Poisoned`].
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        matches!(self, Stopped::Poisoned(_))
    }

    /// The cause of the poison, if that is what it is.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Stopped::Retired => None,
            Stopped::Poisoned(cause) => Some(cause),
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::Retired => out.write_str("the channel is retired: the other side is gone"),
            Stopped::Poisoned(cause) => write!(out, "the channel is poisoned: {cause}"),
        }
    }
}

impl std::error::Error for Stopped {}

/// What poisoned a channel. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(Arc<Origin>);

#[derive(Debug, PartialEq, Eq)]
struct Origin {
    kind: CauseKind,
    process: String,
}

/// The kinds of poison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CauseKind {
    /// A process called `poison()` on an end.
    Explicit,
    /// A process ended, or dropped an end, while poison was the latest thing that it had met.
    Propagated,
    /// A process panicked.
    Panicked,
    /// No process could ever run again.
    Deadlock,
    /// An output guard was chosen, but its expression left without a value.
    Abandoned,
    /// The operation was tried while its process was panicking.
    Unwinding,
    /// A `par!` could not start all of its branches.
    NotStarted,
    /// An OS process was killed, or ended by itself without ending its process.
    Killed,
}

impl CauseKind {
    /// The kind of this number, as `as u32` gives it.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn of_number(number: u32) -> Option<Self> {
        const KINDS: [CauseKind; 8] = [
            CauseKind::Explicit,
            CauseKind::Propagated,
            CauseKind::Panicked,
            CauseKind::Deadlock,
            CauseKind::Abandoned,
            CauseKind::Unwinding,
            CauseKind::NotStarted,
            CauseKind::Killed,
        ];
        KINDS.get(number as usize).copied()
    }
}

impl Cause {
    pub(crate) fn new(kind: CauseKind, process: &str) -> Self {
        Self(Arc::new(Origin { kind, process: process.to_owned() }))
    }

    /// The same poison, carried on by another process.
    pub(crate) fn propagated_by(&self, process: &str) -> Self {
        match self.kind() {
            // Whoever asks wants to know of the deadlock, not of the way it was ended.
            CauseKind::Deadlock | CauseKind::Propagated => self.clone(),
            // Not carried on: what this process could not start has met no poison.
            CauseKind::NotStarted if self.process() == process => self.clone(),
            _ => Self::new(CauseKind::Propagated, if self.process().is_empty() { process } else { self.process() }),
        }
    }

    /// What kind of poison it is.
    #[must_use]
    pub fn kind(&self) -> CauseKind {
        self.0.kind
    }

    /// The name of the process that it came from.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.0.process
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let process = self.process();
        match self.kind() {
            CauseKind::Explicit => write!(out, "by `{process}`"),
            CauseKind::Propagated => write!(out, "by poison that spread from `{process}`"),
            CauseKind::Panicked => write!(out, "process `{process}` panicked"),
            CauseKind::Deadlock => write!(out, "deadlock, `{process}` among those that waited"),
            CauseKind::Abandoned => {
                write!(out, "`{process}` chose an output guard whose expression left without a value")
            }
            CauseKind::Unwinding => write!(out, "`{process}` is panicking, and must not wait"),
            CauseKind::NotStarted => write!(out, "`{process}` could not start all of its branches"),
            CauseKind::Killed => write!(out, "process {process}"),
        }
    }
}

/// Why an operation that does not wait for ever did not take place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody was ready on the other side.
    NotReady,
    /// Nobody became ready in time.
    TimedOut,
    /// The channel has ended.
    Stopped(Stopped),
    /// The message takes more of the memory that processes share than any one may.
    TooLarge {
        /// What it takes, in bytes.
        bytes: usize,
        /// What it may take.
        most: usize,
    },
}

impl Refusal {
    /// How the channel has ended, if that is the reason.
    #[must_use]
    pub fn stopped(&self) -> Option<&Stopped> {
        match self {
            Refusal::Stopped(stopped) => Some(stopped),
            _ => None,
        }
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        Refusal::Stopped(stopped)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotReady => out.write_str("the other side is not ready"),
            Refusal::TimedOut => out.write_str("the other side was not ready in time"),
            Refusal::Stopped(stopped) => stopped.fmt(out),
            Refusal::TooLarge { bytes, most } => write!(
                out,
                "a message of {bytes} bytes is too large: {most} is the most between processes; raise `CSP_MESSAGE_BUFFER` or \
                 `Config::message_buffer`, of which it may take a quarter"
            ),
        }
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.stopped().map(|stopped| stopped as _)
    }
}

/// A value that was not sent, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct SendError<T> {
    /// The value, unsent.
    pub value: T,
    /// Why it was not sent.
    pub reason: Refusal,
}

impl<T> SendError<T> {
    /// The value, unsent.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SendError").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "not sent: {}", self.reason)
    }
}

impl<T> std::error::Error for SendError<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

/// How a process failed, as [`catch`](crate::Process::catch) reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessError {
    /// It panicked.
    Panicked {
        /// The process's name.
        process: String,
        /// The panic's message.
        message: String,
    },
    /// Its OS process was killed, or ended by itself without ending its process.
    Killed {
        /// The process's name.
        process: String,
        /// The signal or the exit code.
        how: String,
    },
}

impl fmt::Display for ProcessError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessError::Panicked { process, message } => write!(out, "process `{process}` panicked: {message}"),
            ProcessError::Killed { process, how } => write!(out, "process `{process}` {how}"),
        }
    }
}

impl std::error::Error for ProcessError {}
