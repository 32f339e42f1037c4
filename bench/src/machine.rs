//! What the operating system does for a cell: one core only, CPU time used, an end with its parent.

use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::Signal;
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;

const THIS_THREAD: Pid = Pid::from_raw(0);

/// Confines this thread, and all that it will start, to one core.
///
/// # Errors
/// What the system says where it refuses.
pub(crate) fn pin_to_one_core() -> nix::Result<()> {
    let allowed = sched_getaffinity(THIS_THREAD)?;
    let mut core = CpuSet::new();
    for index in (0..CpuSet::count()).rev() {
        if allowed.is_set(index)? {
            core.set(index)?;
            break;
        }
    }
    sched_setaffinity(THIS_THREAD, &core)
}

/// Ends this process when its parent dies: a spinning orphan would spoil every later figure.
///
/// # Errors
/// What the system says where it refuses.
pub(crate) fn die_with_parent() -> nix::Result<()> {
    set_pdeathsig(Signal::SIGKILL)
}

/// CPU time of all threads of this process so far, user and system.
///
/// # Panics
/// If the system does not tell, which it always does for the calling process.
pub(crate) fn cpu_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage(RUSAGE_SELF) has no reason to fail");
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}
