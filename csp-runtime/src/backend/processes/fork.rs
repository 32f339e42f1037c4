//! The fork itself: what the child takes along is its own before it runs, and nothing of ours is half way.

use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;

use super::{Birth, ForkedJob, NotStarted, caught, child, one_less, one_more, watch};
use crate::backend::hook;
use crate::channel::{Channel, Immovable};
use crate::process::{Mutable, Visit};
use crate::rendezvous::core::Side;
use crate::shared::census::{self, Slot};
use crate::shared::channel::ChannelLink;
use crate::shared::{desk, mobile, recover};

/// Forks `job` on this thread, which lives longer than the child.
pub(super) fn fork(job: ForkedJob, birth: &Birth) -> Result<(), NotStarted> {
    let slot = caught(|| slot_for(birth))?;
    let mut taken = Taken::nothing(slot);
    let take = || {
        taken.take(&job);
        Ok(())
    };
    if let Err(NotStarted(why)) = caught(take) {
        taken.refuse(why);
    }
    if let Some(why) = taken.refused.take() {
        taken.give_back();
        return Err(NotStarted(why));
    }
    let parent = std::process::id();
    let locks = child::Locks::hold();
    one_more();
    // SAFETY: all locks of ours are held by this thread; what others hold is told in the documentation of the backend.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: this is the child, and the frame its copy.
        unsafe { child::live(job, birth, slot, parent, locks) };
    }
    let error = std::io::Error::last_os_error();
    drop(locks);
    if pid < 0 {
        one_less();
        taken.give_back();
        return Err(NotStarted(format!(
            "the system forks no more processes ({error}); raise the limit that is in the way (`ulimit -u`, `kernel.pid_max`, memory)"
        )));
    }
    slot.pid.store(pid, std::sync::atomic::Ordering::Relaxed);
    watch::over(slot, open(pid), Some(job));
    Ok(())
}

/// The slot of a process, and all that a fork needs once in this one, or on this thread.
fn slot_for(birth: &Birth) -> Result<&'static Slot, NotStarted> {
    let me = census::me();
    desk::desk();
    watch::start()?;
    hook::install_for_forks();
    let slot = census::admit(&birth.name, me.owner().number()).map_err(|why| NotStarted(why.to_string()))?;
    slot.catching.store(u32::from(birth.catching), std::sync::atomic::Ordering::Relaxed);
    Ok(slot)
}

/// A descriptor that tells of the end of a process.
pub(super) fn open(pid: i32) -> Option<OwnedFd> {
    // SAFETY: takes a number, gives a descriptor or an error.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    // SAFETY: a new descriptor that nobody else owns.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// First all that a process takes along moves to where it can be reached from there; then it is counted as its own.
struct Taken {
    slot: &'static Slot,
    counting: bool,
    passed: Vec<(ChannelLink, Side, bool)>,
    data: Vec<NonNull<u8>>,
    refused: Option<String>,
}

impl Taken {
    fn nothing(slot: &'static Slot) -> Self {
        Self { slot, counting: false, passed: Vec::new(), data: Vec::new(), refused: None }
    }

    fn take(&mut self, job: &ForkedJob) {
        // SAFETY: the process has not started: its place is the caller's.
        unsafe { (job.visit)(job.data, self) };
        if self.refused.is_none() {
            self.counting = true;
            // SAFETY: as above.
            unsafe { (job.visit)(job.data, self) };
        }
    }

    fn see(&mut self, channel: &Channel, side: Side, lent: bool) {
        match channel.move_to_arena() {
            Ok(link) if self.counting => match link.pass(side, self.slot, lent) {
                Ok(()) => self.passed.push((link, side, lent)),
                Err(full) => self.refuse(format!("it takes an end of {}: {full}", channel.phrase())),
            },
            Ok(_) => {}
            Err(why) => self.refuse(format!("it takes an end of {}: {why}", channel.phrase())),
        }
    }

    fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }

    /// The process does not start: all is as it was.
    fn give_back(self) {
        for (link, side, lent) in self.passed {
            link.pass_back(side, self.slot, lent);
        }
        for place in self.data {
            mobile::pass_data(place, self.slot.owner(), census::me().owner());
        }
        recover::bury(self.slot, None);
        census::dismiss(self.slot);
    }
}

impl Visit for Taken {
    fn moved(&mut self, channel: &Arc<Channel>, side: Side) {
        self.see(channel, side, false);
    }

    fn lent(&mut self, channel: &Arc<Channel>, side: Side) {
        self.see(channel, side, true);
    }

    fn data(&mut self, place: NonNull<u8>) {
        if self.counting && mobile::pass_data(place, census::me().owner(), self.slot.owner()) {
            self.data.push(place);
        }
    }

    fn mutable(&mut self, _target: Mutable) {}

    fn one_way(&mut self, type_name: &'static str) {
        self.refuse(format!("it has a `&mut {type_name}`, which is no message, so what it writes there would be lost"));
    }
}

/// Moves the channels that a process will take along to where it can reach them. What cannot move is told when it is forked.
pub(crate) struct Moves;

impl Moves {
    /// # Panics
    /// If a message in the channel cannot move: it is lost, so that cannot be told any more when the process is forked.
    fn see(channel: &Channel) {
        if let Err(why @ Immovable::Message(_)) = channel.move_to_arena() {
            panic!("a process takes an end of {}: {why}", channel.phrase());
        }
    }
}

impl Visit for Moves {
    fn moved(&mut self, channel: &Arc<Channel>, _side: Side) {
        Self::see(channel);
    }

    fn lent(&mut self, channel: &Arc<Channel>, _side: Side) {
        Self::see(channel);
    }

    fn data(&mut self, _place: NonNull<u8>) {}

    fn mutable(&mut self, _target: Mutable) {}

    fn one_way(&mut self, _type_name: &'static str) {}
}
