//! One run of a cell in a fresh OS process: this program starts itself again, and reads what that prints.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::cell::{self, Cell, Outcome};
use crate::timing;

/// Why a run has no figure; its name is what the tables show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Failure {
    #[serde(rename = "timeout")]
    TimedOut,
    #[serde(rename = "failed")]
    Failed,
    /// It ran, but what it computed differs from what the others did.
    #[serde(rename = "wrong")]
    Wrong,
}

impl Failure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::TimedOut => "timeout",
            Self::Failed => "failed",
            Self::Wrong => "wrong",
        }
    }
}

/// On which terms a cell runs.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// After this it is killed.
    pub(crate) timeout: Duration,
    /// How long its timed part should take, where not as usual.
    pub(crate) timed: Option<Duration>,
    /// Settings for its environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Whether its complaints are kept, not shown.
    pub(crate) keeps_complaints: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), timed: None, environment: Vec::new(), keeps_complaints: false }
    }
}

/// One run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) outcome: Result<Outcome, Failure>,
    /// The beginning of what it wrote to standard error, if that was kept.
    pub(crate) complaint: String,
    /// From its start to its end.
    pub(crate) taken: Duration,
}

/// Runs `cell` once.
pub(crate) fn run(cell: Cell, terms: &Terms) -> Run {
    let start = Instant::now();
    let (outcome, complaint) = match spawn(cell, terms) {
        Ok(child) => attend(child, terms.timeout),
        Err(error) => (Err(Failure::Failed), error.to_string()),
    };
    Run { outcome, complaint, taken: start.elapsed() }
}

/// The command that runs `cell` in a process of its own.
///
/// # Errors
/// If this program does not know where it lies.
pub(crate) fn command(cell: Cell) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(cell::SUBCOMMAND)
        .arg(serde_json::to_string(&cell)?)
        .env("RUST_BACKTRACE", "0") // the message of a failed cell is enough
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    Ok(command)
}

fn spawn(cell: Cell, terms: &Terms) -> std::io::Result<Child> {
    let mut command = command(cell)?;
    command.envs(terms.environment.iter().map(|(name, value)| (name, value)));
    if let Some(timed) = terms.timed {
        command.env(timing::TIMED_MS, timed.as_millis().to_string());
    }
    if terms.keeps_complaints {
        command.stderr(Stdio::piped());
    }
    command.spawn()
}

fn attend(mut child: Child, timeout: Duration) -> (Result<Outcome, Failure>, String) {
    let complaints = child.stderr.take().map(|errors| collect(errors, 2000));
    let printed = first_output(&mut child, timeout);
    if printed.is_none() {
        // It may have ended by itself just now: then there is nobody to kill, which is as well.
        let _ = child.kill();
    }
    let ended = child.wait();
    let complaint = complaints.and_then(|all| all.recv_timeout(Duration::from_secs(1)).ok()).unwrap_or_default();
    let outcome = match (printed, ended) {
        (None, _) => Err(Failure::TimedOut),
        (Some(text), Ok(status)) if status.success() => serde_json::from_str(&text).map_err(|_| Failure::Failed),
        _ => Err(Failure::Failed),
    };
    (outcome, complaint)
}

/// What `child` prints until it closes its output, or `None` if that takes too long.
pub(crate) fn first_output(child: &mut Child, timeout: Duration) -> Option<String> {
    collect(child.stdout.take()?, usize::MAX).recv_timeout(timeout).ok()
}

/// What comes until the other side closes, of which only the first `most` bytes are kept.
fn collect(mut from: impl Read + Send + 'static, most: usize) -> mpsc::Receiver<String> {
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What cannot be read is as good as nothing: the cell has failed then.
        let _ = from.read_to_end(&mut bytes);
        bytes.truncate(most);
        // Nobody listens any more after a time-out.
        let _ = done.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    finished
}
