//! A choice that finds nobody lets others go first, once, before it offers itself on every channel: as a rule one of them is its
//! partner. Where that does not pay, it is tried ever more seldom.

use std::cell::Cell;
use std::panic::Location;

use super::choose::{Chosen, Order, choose_after, chosen};
use super::glance::{Seen, take_at_a_glance};
use super::guard::Guard;
use crate::backend;
use crate::error::Stopped;
use crate::process::context::Context;

/// So many choices in a row go without, at the most.
const SELDOM: u8 = 128;

/// What a process has seen of it.
pub(crate) struct Courtesy {
    /// So many choices are to go without.
    without: Cell<u8>,
    /// And so many if the next try does not pay.
    next: Cell<u8>,
}

impl Courtesy {
    pub(crate) fn new() -> Self {
        Self { without: Cell::new(0), next: Cell::new(1) }
    }

    /// The coroutine of `context`, which is the caller, lets those run that are ready. False: there are none, or it is not to.
    pub(super) fn let_others_go_first(&self, context: &Context) -> bool {
        if let Some(less) = self.without.get().checked_sub(1) {
            self.without.set(less);
            return false;
        }
        backend::let_ready_coroutines_run(context)
    }

    /// Whether somebody was there afterwards.
    pub(super) fn has_paid(&self, paid: bool) {
        let next = self.next.get();
        if paid {
            self.next.set(1);
        } else {
            self.without.set(next);
            self.next.set(next.saturating_mul(2).min(SELDOM));
        }
    }
}

/// [`choose`](super::choose), of a coroutine that has just seen that nobody is there for any of its guards.
pub(super) fn choose_later(
    context: &Context,
    order: Order,
    guards: &[Guard<'_>],
    at: &'static Location<'static>,
) -> Result<Chosen, Stopped> {
    if !context.courtesy.let_others_go_first(context) {
        return choose_after(context, order, guards, at, true);
    }
    let seen = take_at_a_glance(order, guards);
    context.courtesy.has_paid(!matches!(seen, Seen::Nobody));
    match seen {
        Seen::Took(index) => Ok(chosen(&guards[index])),
        Seen::Nobody => choose_after(context, order, guards, at, true),
        Seen::Other => choose_after(context, order, guards, at, false),
    }
}
