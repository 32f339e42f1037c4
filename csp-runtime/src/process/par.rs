//! `par!` and `seq!`: start all branches, or one after the other, and wait for all of them.

use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

use super::branch::{Branches, Frame, Slot};
use super::context::Context;
use super::here::current;
use super::latch::Latch;
use super::outcome::Payload;
#[cfg(feature = "backend-processes")]
use super::visit::Visitor;
#[cfg(feature = "backend-processes")]
use crate::backend::processes::Birth;
use crate::backend::{self, Backend, default};
use crate::error::{Cause, CauseKind};

/// What a `par!` says about all of its branches.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct ParSettings {
    backend: Option<Backend>,
}

impl ParSettings {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// `backend = …;`
    pub fn backend(self, backend: Backend) -> Self {
        Self { backend: Some(backend) }
    }
}

/// The backend of a process, and who chose it.
///
/// # Panics
/// If this build does not have it.
pub(super) fn placement(context: &Context, own: Option<Backend>, settings: ParSettings) -> (Backend, Option<Backend>) {
    let chosen = default::strongest(own, settings.backend, context.chosen());
    let backend = default::backend(chosen);
    if let Some(why) = backend.missing() {
        panic!("{why}");
    }
    (backend, chosen)
}

/// Runs all branches in parallel, and waits until all have ended.
///
/// # Panics
/// If a branch panics, once all have ended, with the process's name. If a branch cannot be started: what was not started
/// is dropped, which poisons its channels. Outside any process, if a deadlock ended the branches.
#[track_caller]
pub fn par<B: Branches>(settings: ParSettings, branches: B) -> <B::Frame as Frame>::Outputs {
    let at = Location::caller();
    let mut frame = branches.frame();
    current(|context| {
        if let Err(why) = run_all(context, settings, &mut frame, at) {
            panic!("{at}: not all branches of this `par!` could be started: {why}");
        }
        context.panic_if_deadlocked();
    });
    frame.outputs()
}

/// Starts the branches, the last one on this thread if it can be, and waits for them. Nothing in here unwinds while a
/// branch runs: its frame is ours.
fn run_all(
    context: &Context,
    settings: ParSettings,
    frame: &mut impl Frame,
    at: &'static Location<'static>,
) -> Result<(), String> {
    let (mut count, mut last_runs_here) = (0_usize, false);
    frame.each(&mut |slot, _| {
        let (backend, chosen) = placement(context, slot.meta().backend, settings);
        slot.prepare(backend, chosen);
        // Once branches run, one of them may wait on what a later one takes along: then it could not move any more.
        #[cfg(feature = "backend-processes")]
        if backend == Backend::Processes {
            slot.visit(&mut Visitor::new(&mut backend::processes::Moves));
        }
        count += 1;
        last_runs_here = runs_here(context, slot);
    });
    let latch = Latch::new(context.parker(), context.is_hosted()).placed(at).of(count - usize::from(last_runs_here));
    let (mut index, mut failure, mut panicked) = (0, None, None);
    frame.each(&mut |slot, stretch| {
        index += 1;
        let here = last_runs_here && index == count;
        if failure.is_none() {
            if here {
                return slot.run_here();
            }
            failure = start(slot, stretch, &latch).err();
        }
        if failure.is_some() {
            let discarded = discard(context, slot);
            panicked = panicked.take().or(discarded.err());
            if !here {
                latch.end_one();
            }
        }
    });
    latch.wait_for_all(context);
    if let Some(panic) = panicked {
        resume_unwind(panic);
    }
    failure.map_or(Ok(()), Err)
}

/// While we wait, this thread has nothing to do: it may as well be the last branch's.
fn runs_here(context: &Context, slot: &dyn Slot) -> bool {
    let backend = slot.backend();
    backend == context.backend() && slot.meta().stack_size.is_none() && backend::runs_on_its_starters_stack(backend)
}

/// Starts a process that `latch` is for. If that fails, nobody has told the latch.
fn start(slot: &mut dyn Slot, stretch: usize, latch: &Latch) -> Result<(), String> {
    let (backend, stack) = (slot.backend(), slot.meta().stack_size);
    #[cfg(feature = "backend-processes")]
    if backend == Backend::Processes {
        let birth = Birth::of(slot.meta());
        return backend::processes::launch(slot.forked_job(latch), &birth).map_err(|why| not_this(slot, &why.0));
    }
    backend::launch(backend, slot.job(latch), stack, stretch).map_err(|why| not_this(slot, &why.0))
}

#[cold]
fn not_this(slot: &dyn Slot, why: &str) -> String {
    format!("process `{}`: {why}", slot.meta().name)
}

/// Drops a process that was not started.
fn discard(context: &Context, slot: &mut dyn Slot) -> Result<(), Payload> {
    drop_unstarted(context, || slot.discard())
}

/// As [`discard`], for a process in a box of its own.
///
/// # Panics
/// If a destructor of the user's does.
pub(super) fn not_started<T>(context: &Context, process: Box<T>) {
    drop_unstarted(context, || drop(process)).unwrap_or_else(|panic| resume_unwind(panic));
}

/// Those who wait for what is dropped learn why. A destructor of the user's may panic.
fn drop_unstarted(context: &Context, drops: impl FnOnce()) -> Result<(), Payload> {
    context.note_poison(&Cause::new(CauseKind::NotStarted, context.name()));
    let dropped = catch_unwind(AssertUnwindSafe(drops));
    context.forgive();
    dropped
}

/// Runs the branches one after the other. A panic ends the sequence, an `Err` does not.
///
/// # Panics
/// If a branch panics, with the process's name.
#[track_caller]
pub fn seq<B: Branches>(settings: ParSettings, branches: B) -> <B::Frame as Frame>::Outputs {
    let at = Location::caller();
    let mut frame = branches.frame();
    current(|context| {
        let mut over = false;
        frame.each(&mut |slot, _| {
            if over {
                return;
            }
            let (backend, chosen) = placement(context, slot.meta().backend, settings);
            slot.prepare(backend, chosen);
            if runs_here(context, slot) {
                slot.run_here();
            } else {
                let latch = Latch::new(context.parker(), context.is_hosted()).placed(at).of(1);
                if let Err(why) = start(slot, 0, &latch) {
                    panic!("{at}: this branch of a `seq!` could not be started: {why}");
                }
                latch.wait_for_all(context);
            }
            over = slot.panicked();
        });
        context.panic_if_deadlocked();
    });
    frame.outputs()
}
