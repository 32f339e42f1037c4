//! A forked process of the bench: it never outlives its parent, never runs the parent's code, and is reaped.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid};

use crate::machine;

/// A child. Dropped, it is killed and reaped.
#[derive(Debug)]
pub(crate) struct Forked {
    pid: Option<Pid>,
}

impl Forked {
    /// Runs `body` in a forked process, which ends with it. A panic there ends this process too: nothing would come of
    /// its measurement.
    ///
    /// # Panics
    /// If the system forks no more.
    pub(crate) fn start(body: impl FnOnce()) -> Self {
        let parent = getpid();
        flush();
        // SAFETY: the bench forks while this thread is its only one (the rivals start none).
        match unsafe { fork() }.expect("one more process") {
            ForkResult::Parent { child } => Self { pid: Some(child) },
            ForkResult::Child => live(parent, body),
        }
    }

    /// Runs `body`, which makes a system call and nothing else, in a forked process without more ado; its end is a failure unless
    /// `body` says true.
    pub(crate) fn bare(body: impl FnOnce() -> bool) -> Self {
        // SAFETY: what the child does is safe in a signal handler too, so other threads' locks are nothing to it.
        match unsafe { fork() }.expect("one more process") {
            ForkResult::Parent { child } => Self { pid: Some(child) },
            ForkResult::Child => exit(i32::from(!body())),
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid.expect("it has not been reaped")
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it failed.
    pub(crate) fn join(mut self) {
        let ended = self.reap();
        assert!(matches!(ended, WaitStatus::Exited(_, 0)), "a process of the bench failed: {ended:?}");
    }

    /// How it has ended, if it has.
    pub(crate) fn try_reap(&mut self) -> Option<WaitStatus> {
        let ended = waitpid(self.pid(), Some(WaitPidFlag::WNOHANG)).expect("a child can be waited for");
        let has_ended = ended != WaitStatus::StillAlive;
        if has_ended {
            self.pid = None;
        }
        has_ended.then_some(ended)
    }

    /// Waits for its end, however it ends.
    pub(crate) fn reap(&mut self) -> WaitStatus {
        let pid = self.pid.take().expect("a process is reaped once");
        waitpid(pid, None).expect("a child can be waited for")
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        if let Some(pid) = self.pid {
            // It may be dead already, but it is not reaped: nobody else has its number.
            let _ = kill(pid, Signal::SIGKILL);
            self.reap();
        }
    }
}

/// The child's life.
fn live(parent: Pid, body: impl FnOnce()) -> ! {
    machine::die_with_parent().expect("the parent-death signal");
    if getppid() != parent {
        exit(1); // it died before it could be told
    }
    let panicked = catch_unwind(AssertUnwindSafe(body)).is_err();
    if panicked {
        // The message is out; the parent may wait for what will never come.
        let _ = kill(parent, Signal::SIGKILL);
    }
    flush();
    exit(i32::from(panicked));
}

fn flush() {
    // What cannot be printed now is printed by nobody.
    let _ = std::io::stdout().flush();
}

/// Leaves without the parent's exit handlers and destructors.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: it never returns, and what it leaves undone is the parent's.
    unsafe { nix::libc::_exit(code) }
}
