//! A choice that finds nobody lets others go first, once, before it offers itself on every channel: as a rule one of them is its
//! partner. Where that does not pay, it is tried ever more seldom; where it has just brought the partner that was due, it is done before the other
//! channels are looked at.

use std::cell::Cell;
use std::panic::Location;

use super::choose::{Chosen, Order};
use super::gathered::Gathered;
use super::glance::{Seen, take_any, take_the_oldest};
use crate::backend;
use crate::error::Stopped;
use crate::process::context::Context;
use crate::process::here::Here;
use crate::seldom::Seldom;

/// What a process has seen of it.
pub(crate) struct Courtesy {
    /// Somebody was there afterwards.
    brings_somebody: Seldom,
    /// The last time, the guard that was chosen longest ago was ready afterwards. So it may be the next time, and no other has to be looked at.
    brings_the_oldest: Cell<bool>,
}

impl Courtesy {
    pub(crate) fn new() -> Self {
        Self { brings_somebody: Seldom::new(), brings_the_oldest: Cell::new(false) }
    }

    /// Whether others are to run first even if other guards may be ready.
    #[inline(always)]
    pub(super) fn is_sure(&self) -> bool {
        self.brings_the_oldest.get() && backend::is_any_coroutine_ready()
    }

    /// Whether others are to run first. False: there are none, or it is not to.
    fn lets_others_go_first(&self) -> bool {
        self.brings_somebody.is_to_be_tried() && backend::is_any_coroutine_ready()
    }
}

/// What is to be done next.
pub(super) enum Next {
    Done(Result<Chosen, Stopped>),
    /// Nobody is there, but others are ready to run, who may come.
    LetOthersGoFirst,
}

/// The choice of a coroutine whose oldest guard is not ready, or not known.
#[inline(never)]
pub(super) fn look_at_all(
    context: &Context,
    order: Order,
    guards: Gathered<'_, '_>,
    at: &'static Location<'static>,
) -> Next {
    let oldest = oldest(context, guards);
    Next::Done(match look_around(context, order, guards, oldest) {
        Seen::Took(chosen) => Ok(chosen),
        Seen::Nobody if context.courtesy.lets_others_go_first() => return Next::LetOthersGoFirst,
        Seen::Nobody => guards.choose_as(context, order, at, true),
        Seen::Other => guards.choose_as(context, order, at, false),
    })
}

/// A look at all guards, if it can be told which is the oldest.
fn look_around(context: &Context, order: Order, guards: Gathered<'_, '_>, oldest: Option<usize>) -> Seen {
    match oldest {
        Some(_) => take_any(Here::of(context), order, guards),
        None => Seen::Other,
    }
}

/// [`Gathered::oldest`]. If need be, takes over first what others have chosen: an end may come from a process whose clock is ahead, or have been chosen by
/// another one meanwhile.
fn oldest(context: &Context, guards: Gathered<'_, '_>) -> Option<usize> {
    let clock = context.clock();
    guards.oldest(clock.get()).or_else(|| {
        clock.set(clock.get().max(guards.latest()));
        guards.oldest(clock.get())
    })
}

/// The choice that has let others go first.
#[inline(never)]
pub(super) fn go_on(
    context: &Context,
    order: Order,
    guards: Gathered<'_, '_>,
    at: &'static Location<'static>,
) -> Result<Chosen, Stopped> {
    let oldest = oldest(context, guards);
    let taken = take_the_oldest(Here::of(context), order, guards, oldest);
    context.courtesy.brings_the_oldest.set(taken.is_some());
    let seen = match taken {
        Some(chosen) => Seen::Took(chosen),
        None => look_around(context, order, guards, oldest),
    };
    context.courtesy.brings_somebody.has_paid(!matches!(seen, Seen::Nobody));
    match seen {
        Seen::Took(chosen) => Ok(chosen),
        Seen::Nobody => guards.choose_as(context, order, at, true),
        Seen::Other => guards.choose_as(context, order, at, false),
    }
}
