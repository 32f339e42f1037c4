//! Life in a forked child: an empty runtime, one process, and an end that leaves everything in order.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use super::stdio::Streams;
use super::{Birth, ForkedJob};
use crate::arena::{Block, Kind, arena};
use crate::backend::forked::Locks as Backends;
use crate::backend::passage::{Quiet, Wish};
use crate::shared::census::{self, Slot, State};
use crate::shared::recover;
use crate::{backend, config, deadlock, shared};

/// What a process leaves to its parent: a message in a block, or nothing.
pub(crate) struct Legacy {
    pub(crate) block: Option<Block>,
    /// No end and no data come along with it, and no value of the parent's is replaced by it.
    pub(crate) is_mere_bytes: bool,
}

impl Legacy {
    pub(crate) const NOTHING: Self = Self { block: None, is_mere_bytes: true };

    /// A block for a legacy of so many bytes, which is the parent's already.
    pub(crate) fn room(bytes: usize) -> Block {
        shared::message::certain(bytes.max(1), Kind::Legacy, census::me().owner())
    }
}

/// All locks that a child may need, ours and those of the standard streams, held by the thread that forks.
pub(super) struct Locks {
    // In the order in which they are taken: who holds the first may take the others. A process that holds a stream may do anything.
    _streams: Streams,
    contexts: MutexGuard<'static, deadlock::Contexts>,
    watch: super::watch::Lock,
    forker: super::forker::Lock,
    backends: Backends,
    _shared: shared::Locks,
    quiet: Quiet,
    _wish: Wish,
}

impl Locks {
    pub(super) fn hold() -> Self {
        let wish = Wish::begin();
        loop {
            wish.wait_for_others();
            let _streams = Streams::hold();
            let (contexts, watch, forker) = (deadlock::hold(), super::watch::hold(), super::forker::hold());
            let (backends, _shared) = (Backends::hold(), shared::hold());
            if let Some(quiet) = wish.hold() {
                return Self { _streams, contexts, watch, forker, backends, _shared, quiet, _wish: wish };
            }
        }
    }

    /// In the child: there is nothing but this thread.
    fn forget_the_parent(mut self) {
        crate::arena::forget_cache();
        deadlock::forget_the_parent(&mut self.contexts);
        self.watch.forget_the_parent();
        self.forker.forget_the_parent();
        self.backends.forget_the_parent();
        self.quiet.forget_the_parent();
        drop(self);
        shared::forget_the_parent();
        crate::channel::forget_the_parent();
        super::CHILDREN.store(0, Ordering::Relaxed);
        super::CONCLUDING.store(0, Ordering::Relaxed);
        crate::process::context::forget_the_parent();
    }
}

/// The child's whole life. Its parent's frames are above it, and nothing of it comes there: what panics, beside the process itself, ends it.
///
/// # Safety
/// Called once, in a child that was just forked, with its copy of the job.
pub(super) unsafe fn live(job: ForkedJob, birth: &Birth, slot: &'static Slot, parent: u32, locks: Locks) -> ! {
    // SAFETY: by the caller.
    let life = || unsafe { run_and_leave(job, birth, slot, parent, locks) };
    let lived = catch_unwind(AssertUnwindSafe(life));
    leave(if lived.is_ok() { 0 } else { 101 })
}

/// # Safety
/// As for [`live`].
unsafe fn run_and_leave(job: ForkedJob, birth: &Birth, slot: &'static Slot, parent: u32, locks: Locks) {
    // SAFETY: only sets how this process dies.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // SAFETY: only asks. The parent may have died before it could take us along.
    if unsafe { libc::getppid() } as u32 != parent {
        leave(1);
    }
    locks.forget_the_parent();
    census::become_process(slot);
    census::wake_up();
    // SAFETY: by the caller.
    let run = move || unsafe { (job.run)(job.data) };
    // The thread that forked may have been panicking. This process is not.
    let stack = birth.stack.or_else(|| std::thread::panicking().then(|| config::effective().stack_size));
    let legacy = match stack {
        None => run(),
        Some(bytes) => on_own_stack(bytes, run),
    };
    super::watch::wait_for_burials();
    let Legacy { block, is_mere_bytes } = legacy;
    slot.legacy.store(block.map_or(0, Block::number), Ordering::Relaxed);
    slot.leaves_mere_bytes.store(u32::from(is_mere_bytes), Ordering::Relaxed);
    let _ = std::io::stdout().flush();
    recover::leave_in_order(slot, block);
    slot.set_state(State::Clean);
}

/// On a thread of its own, with a stack of so many bytes.
fn on_own_stack(bytes: usize, run: impl FnOnce() -> Legacy) -> Legacy {
    struct Only<T>(T);
    // SAFETY: this thread waits for the other and does nothing meanwhile.
    unsafe impl<T> Send for Only<T> {}
    let run = Only(run);
    std::thread::scope(|scope| {
        let body = move || {
            let run = run;
            backend::count_as_ours();
            Only((run.0)())
        };
        let thread = std::thread::Builder::new().stack_size(bytes).spawn_scoped(scope, body);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(legacy)) => legacy.0,
            _ => leave(101),
        }
    })
}

/// Ends this OS process, and nothing else: what its parent has prepared for its own end stays the parent's.
pub(super) fn leave(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// What is left in a slot.
pub(super) fn legacy_of(slot: &Slot) -> Legacy {
    let block = arena().check(slot.legacy.load(Ordering::Relaxed));
    Legacy { block, is_mere_bytes: slot.leaves_mere_bytes.load(Ordering::Relaxed) != 0 }
}
