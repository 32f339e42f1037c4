//! The standard streams across a fork: flushed, and nobody is in the middle of a line.

use std::io::{StderrLock, StdoutLock, Write, stderr, stdout};

/// Both streams, held by the thread that forks; parent and child each let go of their own.
pub(super) struct Streams {
    _out: StdoutLock<'static>,
    _err: StderrLock<'static>,
}

impl Streams {
    /// Waits until nobody writes. The caller holds no lock: whoever writes may need any.
    pub(super) fn hold() -> Self {
        let mut out = stdout().lock();
        // What cannot be written now could not later.
        let _ = out.flush();
        Self { _out: out, _err: stderr().lock() }
    }
}
