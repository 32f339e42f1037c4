//! The fork itself: what the child takes along is its own before it runs, and nothing of ours is half way.

use std::os::fd::{FromRawFd, OwnedFd};

use super::{Birth, ForkedJob, NotStarted, child, one_less, one_more, stdio, watch};
use crate::channel::Channel;
use crate::process::Visit;
use crate::rendezvous::core::Side;
use crate::shared::census::{self, Slot};
use crate::shared::{desk, recover};

/// Forks `job` on this thread, which lives longer than the child.
pub(super) fn fork(job: ForkedJob, birth: &Birth) -> Result<(), NotStarted> {
    let me = census::me();
    desk::desk();
    watch::start()?;
    let slot = census::admit(&birth.name, me.owner().number()).ok_or_else(|| {
        NotStarted(format!("no more than {} OS processes can run at a time", census::MOST))
    })?;
    slot.catching.store(u32::from(birth.catching), std::sync::atomic::Ordering::Relaxed);
    let mut taken = Taken { slot, refused: None };
    // SAFETY: the process has not started: its place is the caller's.
    unsafe { (job.visit)(job.data, &mut taken) };
    if let Some(why) = taken.refused {
        recover::bury(slot, None);
        return Err(NotStarted(why));
    }
    let parent = std::process::id();
    let locks = child::Locks::hold();
    let streams = stdio::Streams::hold();
    one_more();
    // SAFETY: all locks of ours are held by this thread; what others hold is told in the documentation of the backend.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        drop(streams);
        // SAFETY: this is the child, and the frame its copy.
        unsafe { child::live(job, birth, slot, parent, locks) };
    }
    let error = std::io::Error::last_os_error();
    drop((streams, locks));
    if pid < 0 {
        one_less();
        recover::bury(slot, None);
        return Err(NotStarted(format!(
            "the system forks no more processes ({error}); raise the limit that is in the way (`ulimit -u`, `kernel.pid_max`, memory)"
        )));
    }
    slot.pid.store(pid, std::sync::atomic::Ordering::Relaxed);
    watch::over(slot, open(pid), Some(job));
    Ok(())
}

/// A descriptor that tells of the end of a process.
pub(super) fn open(pid: i32) -> Option<OwnedFd> {
    // SAFETY: takes a number, gives a descriptor or an error.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    // SAFETY: a new descriptor that nobody else owns.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Counts what a process takes along as its own.
struct Taken {
    slot: &'static Slot,
    refused: Option<String>,
}

impl Taken {
    fn pass(&mut self, channel: &Channel, side: Side, lent: bool) {
        match channel.move_to_arena() {
            Ok(link) => link.pass(side, self.slot, lent),
            Err(why) => {
                let why = format!("it takes an end of {}: {why}", channel.phrase());
                self.refused.get_or_insert(why);
            }
        }
    }
}

impl Visit for Taken {
    fn moved(&mut self, channel: &std::sync::Arc<Channel>, side: Side) {
        self.pass(channel, side, false);
    }

    fn lent(&mut self, channel: &std::sync::Arc<Channel>, side: Side) {
        self.pass(channel, side, true);
    }
}
