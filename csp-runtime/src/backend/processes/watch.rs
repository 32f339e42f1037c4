//! Two threads: the watcher sees children end, tells those who wait for the ones that have left in order, adopts the children of killed ones, and
//! frees what those had locked; the other one, which there is only once it is needed, buries the killed ones, and looks for standstills.

use std::collections::{HashMap, HashSet, VecDeque};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};

use super::{Ending, ForkedJob, NotStarted, child, concluded, concluding, fork, one_less};
use crate::shared::census::{self, Slot, State};
use crate::shared::{judge, recover};

/// A child, or an orphan of a child.
struct Ward {
    slot: &'static Slot,
    ended: OwnedFd,
    job: Option<ForkedJob>,
}

struct Watch {
    epoll: Epoll,
    wards: HashMap<u64, Ward>,
    /// The orphans that are wards, or were and are to be buried: the numbers of their slots. In these it still stands whose children they were.
    adopted: HashSet<u32>,
}

/// A child that was reaped, and is not buried yet.
struct Ended {
    slot: &'static Slot,
    job: Option<ForkedJob>,
    how: Option<WaitStatus>,
}

/// What may have to wait for a lock that a dead process holds, and so is not for the watcher, who breaks them.
enum Errand {
    Bury(Ended),
    /// A child has ended, and all may stand still by now.
    Look,
}

/// What the second thread is to do.
struct Errands {
    /// There is such a thread.
    started: bool,
    waiting: VecDeque<Errand>,
}

// FORK: held, by `hold`.
static ERRANDS: Mutex<Errands> = Mutex::new(Errands { started: false, waiting: VecDeque::new() });
// FORK: nobody waits in a child that has just begun.
static ANOTHER: Condvar = Condvar::new();

// FORK: held, by `hold`.
static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

fn errands() -> MutexGuard<'static, Errands> {
    ERRANDS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() -> MutexGuard<'static, Option<Watch>> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the watcher, once in a process.
pub(super) fn start() -> Result<(), NotStarted> {
    let mut watch = watch();
    if watch.is_some() {
        return Ok(());
    }
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)
        .map_err(|error| NotStarted(format!("its end could not be watched: {error}")))?;
    // Children of a child that is killed become ours, to be waited for.
    // SAFETY: only sets whose they become.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    crate::backend::start_helper("csp-watcher", listen)?;
    // It waits for the lock, and finds this.
    *watch = Some(Watch { epoll, wards: HashMap::new(), adopted: HashSet::new() });
    Ok(())
}

/// Watches over a process from now on.
pub(super) fn over(slot: &'static Slot, ended: Option<OwnedFd>, job: Option<ForkedJob>) {
    let Some(ended) = ended else {
        // No descriptor is left: then this waits here.
        let how = wait_for(slot);
        concluding();
        return bury_later(Ended { slot, job, how });
    };
    let added = {
        let mut watch = watch();
        let Some(watch) = &mut *watch else { return };
        let key = ended.as_raw_fd() as u64;
        let added = watch.epoll.add(&ended, EpollEvent::new(EpollFlags::EPOLLIN, key));
        watch.wards.insert(key, Ward { slot, ended, job });
        added
    };
    // Without a lock: whoever forks waits for the streams.
    if let Err(error) = added {
        eprintln!("csp: process `{}` cannot be watched: {error}", slot.name());
    }
}

fn listen() {
    let epoll = watch().as_ref().map(|watch| watch.epoll.0.as_raw_fd());
    let Some(epoll) = epoll else { return };
    loop {
        let mut events = [EpollEvent::empty(); 16];
        // SAFETY: the descriptor stays open as long as the process.
        let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr().cast(), 16, -1) };
        for event in &events[..usize::try_from(count).unwrap_or(0)] {
            let ward = watch().as_mut().and_then(|watch| {
                let ward = watch.wards.remove(&event.data())?;
                let _ = watch.epoll.delete(&ward.ended);
                Some(ward)
            });
            if let Some(Ward { slot, ended, job }) = ward {
                // Until it is buried, nobody may think that all stand still.
                concluding();
                let how = wait_for(slot);
                // Before anybody learns of it: then nothing is left of this one.
                drop(ended);
                let dead = Ended { slot, job, how };
                if slot.is(State::Clean) && child::legacy_of(slot).is_mere_bytes {
                    conclude(dead);
                    if crate::deadlock::may_stand_still() {
                        hand_over(Errand::Look);
                    }
                } else {
                    bury_later(dead);
                }
            }
        }
    }
}

fn bury_later(dead: Ended) {
    free_at_once(dead.slot);
    hand_over(Errand::Bury(dead));
}

/// What cannot wait for its burial, as the burial of another one may be waiting for it: the locks that it held, or that its children did, who
/// are killed with it.
fn free_at_once(dead: &Slot) {
    recover::break_locks(dead);
    for orphan in recover::orphans_of(dead) {
        // One that `dead` had yet to bury may have children itself.
        if !adopt(orphan) && orphan.pid.load(Ordering::Relaxed) != 0 {
            free_at_once(orphan);
        }
    }
}

impl Errand {
    fn run(self) {
        if let Self::Bury(ended) = self {
            conclude(ended);
        }
        crate::deadlock::look_again();
    }
}

fn hand_over(errand: Errand) {
    let mut errands = errands();
    errands.started = errands.started || crate::backend::start_helper("csp-burial", run_errands).is_ok();
    if errands.started {
        errands.waiting.push_back(errand);
        ANOTHER.notify_one();
    } else {
        // No thread is to be had: better here than never. Nobody looks for a standstill: that may wait for a process whose death we are to see.
        drop(errands);
        if let Errand::Bury(ended) = errand {
            conclude(ended);
        }
    }
}

/// Runs one after the other.
fn run_errands() {
    loop {
        let mut errands = errands();
        let errand = loop {
            match errands.waiting.pop_front() {
                Some(next) => break next,
                None => errands = ANOTHER.wait(errands).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(errands);
        errand.run();
    }
}

/// Waits until all that have ended, or are killed with a child of ours, are buried: whoever ends itself leaves none of them behind.
pub(super) fn wait_for_burials() {
    let some_are_left = || watch().as_ref().is_some_and(|watch| !watch.adopted.is_empty());
    let mut attempt = 0;
    while super::is_news_on_its_way() || some_are_left() {
        crate::sync::pause(attempt);
        attempt += 1;
    }
}

/// Reaps a process that has ended. None: it was not ours to reap.
fn wait_for(slot: &Slot) -> Option<WaitStatus> {
    let pid = nix::unistd::Pid::from_raw(slot.pid.load(Ordering::Relaxed));
    loop {
        match waitid(Id::Pid(pid), WaitPidFlag::WEXITED) {
            Ok(status) => return Some(status),
            Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

/// After [`concluding`]. Whoever calls this has to look for a standstill then.
fn conclude(ended: Ended) {
    let Ended { slot, job, how } = ended;
    let ending = if slot.is(State::Clean) {
        recover::bury(slot, None);
        Ending::Left(child::legacy_of(slot))
    } else {
        let how = match how {
            Some(WaitStatus::Signaled(_, signal, _)) => format!("was killed by {signal}"),
            Some(WaitStatus::Exited(_, code)) => format!("ended its OS process with exit code {code}"),
            _ => "was killed".to_owned(),
        };
        recover::bury(slot, Some(&format!("`{}` {how}", slot.name())));
        recover::bury_orphans(slot, &mut adopt);
        Ending::Killed(how)
    };
    // Once the job is finished, this process may end, and we with it: the slot goes first. Until then nobody may think that all stand still.
    judge::stir();
    watch().as_mut().map(|watch| watch.adopted.remove(&slot.number()));
    census::dismiss(slot);
    if let Some(job) = job {
        // SAFETY: the child is gone, and the frame waits for this.
        unsafe { (job.finish)(job.data, ending) };
        one_less();
    }
    concluded();
}

/// A child of a killed process, which is killed with it, is ours now, if it is not yet. False: it has ended, or never ran.
fn adopt(orphan: &'static Slot) -> bool {
    let pid = orphan.pid.load(Ordering::Relaxed);
    let runs = pid != 0 && orphan.is_alive();
    {
        let mut watch = watch();
        let Some(watch) = &mut *watch else { return false };
        if watch.adopted.contains(&orphan.number()) {
            return true;
        }
        if !runs {
            return false;
        }
        watch.adopted.insert(orphan.number());
    }
    // SAFETY: ends a process that is ending anyway, and is ours.
    unsafe { libc::kill(pid, libc::SIGKILL) };
    over(orphan, fork::open(pid), None);
    true
}

/// The wards, and those that wait for their burial, held by a thread that forks.
pub(super) struct Lock {
    watch: MutexGuard<'static, Option<Watch>>,
    errands: MutexGuard<'static, Errands>,
}

pub(super) fn hold() -> Lock {
    Lock { watch: watch(), errands: errands() }
}

impl Lock {
    /// A child has no such threads, and watches over nobody yet.
    pub(super) fn forget_the_parent(&mut self) {
        *self.watch = None;
        self.errands.started = false;
        self.errands.waiting.clear();
    }
}
