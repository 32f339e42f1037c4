//! Settings: from the program ([`Config`]), else from the environment, else by default. Fixed at their first use.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::backend::{Backend, default};

/// The settings of the runtime. What is not set here comes from the environment, or has a default.
///
/// | setting | environment | default |
/// | --- | --- | --- |
/// | [`backend`](Self::backend) | `CSP_BACKEND` | as the Cargo features say, else `threads` |
/// | [`stack_size`](Self::stack_size) | `CSP_STACK`: bytes, or with `KiB`, `MiB`, `GiB` (or `B`) | 2 MiB; 64 KiB on coroutines |
/// | [`workers`](Self::workers) | `CSP_WORKERS` | one a core (only coroutines ask) |
/// | [`io_calls`](Self::io_calls) | `CSP_IO_CALLS` | 512 (only coroutines ask) |
/// | [`seed`](Self::seed) | `CSP_SEED` | 0 |
/// | [`message_buffer`](Self::message_buffer) | `CSP_MESSAGE_BUFFER`, as `CSP_STACK` | 100 MB, or half of the memory that is available (only processes ask) |
/// | [`block_size`](Self::block_size) | `CSP_BLOCK_SIZE`, as `CSP_STACK` | 16 KiB (only processes ask) |
/// | [`unsafe_forks`](Self::unsafe_forks) | `CSP_UNSAFE_FORKS`: `allow` or `refuse` | allow (only processes ask) |
///
/// # Examples
/// ```
/// use csp_runtime::Config;
///
/// Config::new().stack_size(256 * 1024).set()?;
/// assert_eq!(Config::get().stack(), 256 * 1024); // from now on fixed
/// assert!(Config::new().stack_size(1 << 20).set().is_err());
/// # Ok::<(), csp_runtime::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "settings take effect with `.set()`"]
pub struct Config {
    backend: Option<Backend>,
    stack_size: Option<usize>,
    workers: Option<usize>,
    io_calls: Option<usize>,
    seed: Option<u64>,
    message_buffer: Option<usize>,
    block_size: Option<usize>,
    unsafe_forks: Option<bool>,
}

/// What is in force.
pub(crate) struct Effective {
    pub(crate) backend: Backend,
    pub(crate) stack_size: usize,
    #[allow(dead_code, reason = "the coroutines backend asks")]
    pub(crate) coroutine_stack: usize,
    #[allow(dead_code, reason = "the coroutines backend asks")]
    pub(crate) workers: usize,
    #[allow(dead_code, reason = "the coroutines backend asks")]
    pub(crate) io_calls: usize,
    pub(crate) seed: u64,
    /// None: what the memory that is available allows.
    #[allow(dead_code, reason = "the processes backend asks")]
    pub(crate) message_buffer: Option<usize>,
    #[allow(dead_code, reason = "the processes backend asks")]
    pub(crate) block_size: usize,
    #[allow(dead_code, reason = "the processes backend asks")]
    pub(crate) unsafe_forks: bool,
    /// What is wrong with the environment.
    complaint: Option<String>,
}

// FORK: asked no more once `EFFECTIVE` is made.
static WISHES: Mutex<Option<Config>> = Mutex::new(None);
// FORK: made before the first fork: what the arena is made of stands there.
static EFFECTIVE: OnceLock<Effective> = OnceLock::new();

impl Config {
    /// No settings yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The backend of processes for which nobody chooses one.
    pub fn backend(self, backend: Backend) -> Self {
        Self { backend: Some(backend), ..self }
    }

    /// The size of a process's stack in bytes, for those that do not ask for another.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { stack_size: Some(bytes), ..self }
    }

    /// How many worker threads run coroutines; 0 means one for each core.
    pub fn workers(self, count: usize) -> Self {
        Self { workers: Some(count), ..self }
    }

    /// How many calls of `#[io]` functions run at a time on coroutines, each on a thread; further ones wait for their turn. Calls that wait for
    /// processes do not count. 0 means as many as by default.
    pub fn io_calls(self, count: usize) -> Self {
        Self { io_calls: Some(count), ..self }
    }

    /// The seed of the seeded backend's schedule.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// The size in bytes of the memory that forked processes share: messages under way, and the channels between them. It
    /// is touched on demand. A message may have a quarter of it.
    pub fn message_buffer(self, bytes: usize) -> Self {
        Self { message_buffer: Some(bytes), ..self }
    }

    /// The grain in bytes in which that memory is given to messages above 32 KiB: a power of two from 4 KiB to 1 MiB.
    pub fn block_size(self, bytes: usize) -> Self {
        Self { block_size: Some(bytes), ..self }
    }

    /// Whether a process may be forked beside threads that the runtime did not start. The child has none of them, so what one of them has
    /// locked at that moment stays locked in the child for ever. If that is refused, the process does not start, and its branch says why.
    pub fn unsafe_forks(self, allowed: bool) -> Self {
        Self { unsafe_forks: Some(allowed), ..self }
    }

    /// Puts the settings in force.
    ///
    /// # Errors
    /// If the settings are in use already, by any channel or process; if they have been set before; and if the backend is not in
    /// this build.
    pub fn set(self) -> Result<(), ConfigError> {
        if let Some(why) = self.backend.and_then(Backend::missing) {
            return Err(ConfigError(why));
        }
        let in_use = || {
            let why = "the settings are in use already: set them before the first channel or process";
            EFFECTIVE.get().map_or(Ok(()), |_| Err(ConfigError(why.into())))
        };
        in_use()?;
        let mut wishes = WISHES.lock().unwrap_or_else(PoisonError::into_inner);
        in_use()?;
        if wishes.is_some() {
            return Err(ConfigError("the settings have been set already: set them once, in one `Config`".into()));
        }
        *wishes = Some(self);
        Ok(())
    }

    /// The settings in force; from now on they are fixed.
    pub fn get() -> Self {
        let now = effective();
        let stack = if now.backend == Backend::Coroutines { now.coroutine_stack } else { now.stack_size };
        Self {
            backend: Some(now.backend),
            stack_size: Some(stack),
            workers: Some(now.workers),
            io_calls: Some(now.io_calls),
            seed: Some(now.seed),
            message_buffer: now.message_buffer,
            block_size: Some(now.block_size),
            unsafe_forks: Some(now.unsafe_forks),
        }
    }

    /// The backend, if it is set.
    #[must_use]
    pub fn default_backend(&self) -> Option<Backend> {
        self.backend
    }

    /// The size of a process's stack in bytes; 0 if it is not set.
    #[must_use]
    pub fn stack(&self) -> usize {
        self.stack_size.unwrap_or(0)
    }
}

/// A setting came too late, or cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// The settings in force, fixed at the first call.
///
/// # Panics
/// Once, if an environment variable holds something that is no value of its setting; then the default is in force, so
/// that ends can be dropped while that panic unwinds.
#[inline]
pub(crate) fn effective() -> &'static Effective {
    let now = EFFECTIVE.get_or_init(settle);
    if now.complaint.is_some() {
        complain(now);
    }
    now
}

#[cold]
fn complain(now: &Effective) {
    static COMPLAINED: AtomicBool = AtomicBool::new(false);
    if let (Some(complaint), false) = (&now.complaint, COMPLAINED.swap(true, Ordering::Relaxed)) {
        panic!("{complaint}");
    }
}

fn settle() -> Effective {
    let wishes = WISHES.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
    let mut complaint = None;
    let backend = wishes.backend.or_else(|| from_environment("CSP_BACKEND", &mut complaint));
    let mut bytes = |wish: Option<usize>, variable: &str| {
        wish.or_else(|| from_environment::<Bytes>(variable, &mut complaint).map(|bytes| bytes.0))
    };
    let stack_size = bytes(wishes.stack_size, "CSP_STACK");
    let message_buffer = bytes(wishes.message_buffer, "CSP_MESSAGE_BUFFER");
    let block_size = bytes(wishes.block_size, "CSP_BLOCK_SIZE");
    let workers = wishes.workers.or_else(|| from_environment("CSP_WORKERS", &mut complaint));
    let io_calls = wishes.io_calls.or_else(|| from_environment("CSP_IO_CALLS", &mut complaint));
    let seed = wishes.seed.or_else(|| from_environment("CSP_SEED", &mut complaint));
    let unsafe_forks = wishes
        .unsafe_forks
        .or_else(|| from_environment::<Permission>("CSP_UNSAFE_FORKS", &mut complaint).map(|permission| permission.0));
    Effective {
        backend: backend.unwrap_or_else(default::of_features),
        stack_size: stack_size.unwrap_or(2 << 20),
        coroutine_stack: stack_size.unwrap_or(64 << 10),
        workers: workers.filter(|workers| *workers > 0).unwrap_or_else(cores),
        io_calls: io_calls.filter(|calls| *calls > 0).unwrap_or(512),
        seed: seed.unwrap_or(0),
        message_buffer,
        block_size: block_size.unwrap_or(16 << 10),
        unsafe_forks: unsafe_forks.unwrap_or(true),
        complaint,
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn from_environment<T: FromStr<Err: fmt::Display>>(variable: &str, complaint: &mut Option<String>) -> Option<T> {
    let text = std::env::var(variable).ok().filter(|text| !text.is_empty())?;
    text.parse().map_err(|error| *complaint = Some(format!("{variable}={text}: {error}"))).ok()
}

struct Permission(bool);

impl FromStr for Permission {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self(true)),
            "refuse" => Ok(Self(false)),
            _ => Err("write allow or refuse"),
        }
    }
}

/// A number of bytes, perhaps with a unit.
struct Bytes(usize);

impl FromStr for Bytes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor = match unit.trim() {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err("write a number of bytes, or a number with KiB, MiB or GiB"),
        };
        let number =
            number.parse::<usize>().map_err(|_| "write a number of bytes, or a number with KiB, MiB or GiB")?;
        number.checked_mul(factor).map(Bytes).ok_or("that is more than memory can hold")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        let bytes = |text: &str| text.parse::<Bytes>().map(|bytes| bytes.0);
        for (text, count) in
            [("0", 0), ("4096", 4096), ("7B", 7), ("64 KiB", 65_536), ("3MiB", 3 << 20), ("1  GiB", 1 << 30)]
        {
            assert_eq!(bytes(text), Ok(count), "{text}");
        }
        for text in ["", " 64", "KiB", "64 KB", "64kib", "-1", "+1", "1.5 MiB", "1_000", "99999999999999999999"] {
            assert!(bytes(text).is_err_and(|why| why.contains("KiB, MiB or GiB")), "{text}");
        }
        assert!(bytes(&format!("{} KiB", usize::MAX)).is_err_and(|why| why.contains("more than memory")));
    }

    #[test]
    fn forks_are_allowed_or_refused() {
        assert!("allow".parse::<Permission>().is_ok_and(|it| it.0));
        assert!("refuse".parse::<Permission>().is_ok_and(|it| !it.0));
        assert!("yes".parse::<Permission>().is_err());
    }
}
