//! The guards of a choice once they are gathered: of each the end alone, and once for all guards of a branch what these have in common. Guards
//! as such are made only if a look does not do.

use std::panic::Location;
use std::ptr::NonNull;
use std::time::Instant;

use smallvec::SmallVec;

use super::choose::{Chosen, Order, choose_after};
use super::guard::{Communication, Guard, What};
use super::slot::Outcome;
#[cfg(all(not(loom), feature = "backend-coroutines"))]
use super::tally;
use crate::channel::End;
use crate::error::Stopped;
use crate::process::context::Context;
use crate::rendezvous::offer::Kind;

/// Guards of one branch, side by side.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) what: Common,
    pub(super) branch: u32,
    /// Which replica of the branch the first of them is.
    pub(super) replica: u32,
    /// The first one's end, of communications, of which there may be none.
    pub(super) first: usize,
}

/// What they are.
#[derive(Clone, Copy)]
pub(super) enum Common {
    /// Of a slot that is borrowed for as long as the list.
    Communications(NonNull<Outcome>, Kind),
    Timeout(Option<Instant>),
    Skip,
}

/// All that were gathered.
#[derive(Clone, Copy)]
pub(super) struct Gathered<'l, 'a> {
    pub(super) ends: &'l [&'a End],
    pub(super) runs: &'l [Run],
    /// All are plain inputs and outputs.
    #[cfg_attr(not(all(not(loom), feature = "backend-coroutines")), allow(dead_code, reason = "coroutines look"))]
    pub(super) plain: bool,
}

impl<'l, 'a> Gathered<'l, 'a> {
    /// The long way. `nobody`: a look at all guards has just found none that is ready.
    #[inline(never)]
    pub(super) fn choose_as(
        self,
        context: &Context,
        order: Order,
        at: &'static Location<'static>,
        nobody: bool,
    ) -> Result<Chosen, Stopped> {
        let guards: SmallVec<[Guard<'a>; 8]> = self.runs().flat_map(|(run, ends)| run.guards(ends)).collect();
        choose_after(context, order, &guards, at, nobody)
    }

    /// Each run, with its ends.
    fn runs(self) -> impl Iterator<Item = (&'l Run, &'l [&'a End])> {
        self.runs.iter().enumerate().map(move |(index, run)| {
            let next = self.runs.get(index + 1).map_or(self.ends.len(), |next| next.first);
            (run, &self.ends[run.first..next])
        })
    }
}

/// For a look at them where they stand.
#[cfg(all(not(loom), feature = "backend-coroutines"))]
impl<'l, 'a> Gathered<'l, 'a> {
    /// The one that was chosen longest ago, if that can be told, where the clock of the process is at `now`.
    #[inline(always)]
    pub(super) fn oldest(self, now: u64) -> Option<usize> {
        tally::oldest(self.ends, now)
    }

    /// When one of them was last chosen.
    pub(super) fn latest(self) -> u64 {
        self.ends.iter().map(|end| end.stamp.moment()).max().unwrap_or(0)
    }

    /// The communication of end `index`.
    #[inline(always)]
    pub(super) fn communication(self, index: usize) -> Option<(Communication<'a>, Chosen)> {
        let end = self.ends.get(index)?;
        let run = self.runs.iter().rev().find(|run| run.first <= index)?;
        Some((run.communication(end)?, run.chosen(index - run.first)))
    }

    /// All of them: the ends of each run, in order, and of which kind they are.
    #[inline(always)]
    pub(super) fn communications(self) -> impl Iterator<Item = (&'l [&'a End], Kind)> {
        self.runs().filter_map(|(run, ends)| match run.what {
            Common::Communications(_, kind) => Some((ends, kind)),
            _ => None,
        })
    }
}

impl Run {
    #[inline(always)]
    fn chosen(&self, number: usize) -> Chosen {
        Chosen::new(self.branch, self.replica + number as u32)
    }

    #[inline(always)]
    fn communication<'a>(&self, end: &'a End) -> Option<Communication<'a>> {
        let Common::Communications(slot, kind) = self.what else { return None };
        Some(Communication::new(end, kind, slot))
    }

    /// As such: of communications one for each end.
    fn guards<'a>(self, ends: &[&'a End]) -> impl Iterator<Item = Guard<'a>> {
        let other = match self.what {
            Common::Communications(..) => None,
            Common::Timeout(deadline) => Some(What::Timeout(deadline)),
            Common::Skip => Some(What::Skip),
        };
        let communications = ends.iter().filter_map(move |end| self.communication(end)).map(What::Communication);
        let all = other.into_iter().chain(communications).enumerate();
        all.map(move |(number, what)| Guard { what, chosen: self.chosen(number) })
    }
}
