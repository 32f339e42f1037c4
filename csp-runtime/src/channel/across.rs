//! A plain operation between coroutines of two workers, through the channel's hatch.

use std::panic::Location;

use super::inner::{Channel, Patience};
use super::plain::may_communicate;
use crate::backend;
use crate::error::Refusal;
use crate::process::context::Context;
use crate::process::here::running;
use crate::rendezvous::across::{Comes, Passed, Wait};
use crate::rendezvous::decision::Outcome;
use crate::rendezvous::hatch::{Hatch, Waiter};
use crate::rendezvous::offer::Kind;

/// So many looks for somebody who is about to wait: about as long as a cache line takes to come and go. Others of this worker wait meanwhile; if they had
/// their turns, which may be long, a receiver that comes would wait for them.
const LOOKS: usize = 200;

impl Channel {
    /// The whole operation, through the hatch if possible. A call, as most processes never come here: their stacks need no room for it.
    ///
    /// # Safety
    /// As for `communicate`; `kind` is `Send` or `Receive`.
    #[inline(never)]
    pub(super) unsafe fn communicate_across(
        &self,
        hatch: &Hatch,
        kind: Kind,
        place: *mut u8,
        at: &'static Location<'static>,
    ) -> Result<(), Refusal> {
        #[cfg(feature = "backend-processes")]
        if self.link().is_some() {
            // SAFETY: passed on.
            return unsafe { self.communicate_far(kind, place, at) };
        }
        // SAFETY: as in `communicate`.
        let context = unsafe { running() };
        may_communicate(context, at)?;
        // SAFETY: passed on.
        match unsafe { self.pass(hatch, context, kind, place, at) } {
            Some(Outcome::Met) => {
                context.forgive();
                Ok(())
            }
            // SAFETY: passed on.
            None | Some(Outcome::Again) => unsafe {
                self.communicate_as(context, kind, place, Patience::Forever, at).map(drop)
            },
            Some(outcome) => Err(Refusal::Stopped(self.stopped(outcome, context))),
        }
    }

    /// How it went, if that was possible.
    ///
    /// # Safety
    /// As for [`communicate_across`](Self::communicate_across); the caller is the process of `context`, and may communicate.
    #[inline(always)]
    unsafe fn pass(
        &self,
        hatch: &Hatch,
        context: &Context,
        kind: Kind,
        place: *mut u8,
        at: &'static Location<'static>,
    ) -> Option<Outcome> {
        // SAFETY: passed on.
        if kind == Kind::Send && unsafe { hatch.send_to_receiver(place, self.core.size()) } {
            backend::note_sent(hatch);
            return Some(Outcome::Met);
        }
        let comes = if context.is_hosted() && backend::may_watch() { Comes::ToWait } else { Comes::ToMeet };
        if comes == Comes::ToMeet && !hatch.seems_to_await(kind.into()) {
            return None;
        }
        let waiter = Waiter::new(context.standing.place_of_entry().cast());
        let begin = || {
            // SAFETY: the process is here, so it waits nowhere.
            unsafe { context.standing.begin(self, kind, place, at) };
        };
        // SAFETY: by the caller; if it waits, it stays here until the offer is complete.
        let mut passed = unsafe { self.core.pass(hatch, kind, place, comes, &waiter, begin) };
        if passed == Passed::LookAround {
            look_around(hatch, kind);
            // SAFETY: as above.
            passed = unsafe { self.core.pass(hatch, kind, place, Comes::Again, &waiter, begin) };
        }
        match passed {
            Passed::Met => Some(Outcome::Met),
            Passed::Waits => {
                let wait = Wait::new(&self.core, hatch, &waiter);
                // SAFETY: the caller waits, as a coroutine.
                unsafe { backend::watch(context, wait) };
                context.count_wait();
                let outcome = context.standing.wait(context);
                backend::watch_no_longer(wait);
                Some(outcome)
            }
            Passed::No | Passed::LookAround => None,
        }
    }
}

/// Until somebody has come, who is about to wait perhaps, or for a moment.
///
/// Two that ask and answer find each other waiting in turn, and each meeting takes one way of the line; but once one has come too early, both come too early for ever, and
/// each meeting takes two.
fn look_around(hatch: &Hatch, kind: Kind) {
    let _ = (0..LOOKS).find(|_| hatch.seems_to_await(kind.into()));
}
