//! Gathers the guards of a choice, anew for each: what the macros call.

use std::panic::Location;

use super::choose::{Chosen, Order};
use super::few::{Few, Filling};
use super::gathered::{Common, Gathered, Run};
use super::guard::Deadline;
use super::slot::{OutputSlot, Slot};
use crate::channel::{End, Receiver, Sender};
use crate::error::Stopped;
use crate::process::context::Context;
use crate::rendezvous::offer::Kind;

/// The guards that are switched on; `N` need no allocation.
pub struct GuardList<'a, const N: usize> {
    /// One for each communication.
    ends: Few<&'a End, N>,
    runs: Few<Run, N>,
}

impl<'a, const N: usize> GuardList<'a, N> {
    /// No guards yet.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    #[inline(always)]
    pub fn new() -> Self {
        Self { ends: Few::new(), runs: Few::new() }
    }

    /// To add all.
    #[inline(always)]
    pub fn gather(&mut self) -> Guards<'_, 'a> {
        Guards { ends: self.ends.fill(), runs: self.runs.fill(), plain: true }
    }
}

/// The guards while they are gathered, in order of priority.
pub struct Guards<'l, 'a> {
    ends: Filling<'l, &'a End>,
    runs: Filling<'l, Run>,
    /// All are plain inputs and outputs.
    plain: bool,
}

impl<'l, 'a> Guards<'l, 'a> {
    /// All replicas of `receiver ? pattern`, from this one on.
    #[inline(always)]
    pub fn inputs<T: Send>(&mut self, branch: u32, replica: u32, slot: &'a Slot<T>) -> Inputs<'_, 'l, 'a, T> {
        Inputs { guards: self.begin(branch, replica, Common::Communications(slot.erased(), Kind::Receive)), slot }
    }

    /// All replicas of `receiver ?? pattern`, from this one on.
    #[inline(always)]
    pub fn extended_inputs<T: Send>(&mut self, branch: u32, replica: u32, slot: &'a Slot<T>) -> Inputs<'_, 'l, 'a, T> {
        self.plain = false;
        let what = Common::Communications(slot.erased(), Kind::ReceiveExtended);
        Inputs { guards: self.begin(branch, replica, what), slot }
    }

    /// All replicas of `sender ! expression`, from this one on.
    #[inline(always)]
    pub fn outputs<T: Send>(&mut self, branch: u32, replica: u32, slot: &'a OutputSlot<T>) -> Outputs<'_, 'l, 'a, T> {
        Outputs { guards: self.begin(branch, replica, Common::Communications(slot.erased(), Kind::SendLater)), slot }
    }

    /// `receiver ? pattern`; no receiver if the precondition is false.
    #[inline(always)]
    pub fn input<T: Send>(
        &mut self,
        branch: u32,
        replica: u32,
        receiver: Option<&'a Receiver<T>>,
        slot: &'a Slot<T>,
    ) -> &mut Self {
        self.inputs(branch, replica, slot).push(receiver);
        self
    }

    /// `receiver ?? pattern`; no receiver if the precondition is false.
    #[inline(always)]
    pub fn extended_input<T: Send>(
        &mut self,
        branch: u32,
        replica: u32,
        receiver: Option<&'a Receiver<T>>,
        slot: &'a Slot<T>,
    ) -> &mut Self {
        self.extended_inputs(branch, replica, slot).push(receiver);
        self
    }

    /// `sender ! expression`; no sender if the precondition is false.
    #[inline(always)]
    pub fn output<T: Send>(
        &mut self,
        branch: u32,
        replica: u32,
        sender: Option<&'a Sender<T>>,
        slot: &'a OutputSlot<T>,
    ) -> &mut Self {
        self.outputs(branch, replica, slot).push(sender);
        self
    }

    /// `after deadline`; no deadline if the precondition is false.
    pub fn after(&mut self, branch: u32, replica: u32, deadline: Option<Deadline>) -> &mut Self {
        if let Some(Deadline(deadline)) = deadline {
            self.plain = false;
            self.begin(branch, replica, Common::Timeout(deadline));
        }
        self
    }

    /// `skip`, if its precondition holds.
    pub fn skip(&mut self, branch: u32, replica: u32, precondition: bool) -> &mut Self {
        if precondition {
            self.plain = false;
            self.begin(branch, replica, Common::Skip);
        }
        self
    }

    #[inline(always)]
    fn begin(&mut self, branch: u32, replica: u32, what: Common) -> Communications<'_, 'l, 'a> {
        let run = Run { what, branch, replica, first: self.ends.count() };
        self.runs.push(run);
        Communications { guards: self, run, replica, is_run: true }
    }

    /// Commits one of them.
    ///
    /// # Errors
    /// If the channels of all guards that are switched on are retired, or any of them is poisoned.
    ///
    /// # Panics
    /// If no guard is switched on, and if a choice is made while an output guard's expression is evaluated.
    #[track_caller]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn choose(&self, order: Order) -> Result<Chosen, Stopped> {
        let at = Location::caller();
        #[cfg(all(not(loom), feature = "backend-coroutines"))]
        return super::glance::choose(order, self.gathered(), at);
        #[cfg(not(all(not(loom), feature = "backend-coroutines")))]
        crate::process::here::current(|context| self.choose_as(context, order, at))
    }

    /// [`choose`](Self::choose), by the process of `context`.
    #[cfg_attr(all(not(loom), feature = "backend-coroutines"), allow(dead_code, reason = "models choose so"))]
    pub(crate) fn choose_as(
        &self,
        context: &Context,
        order: Order,
        at: &'static Location<'static>,
    ) -> Result<Chosen, Stopped> {
        self.gathered().choose_as(context, order, at, false)
    }

    #[inline(always)]
    fn gathered(&self) -> Gathered<'_, 'a> {
        Gathered { ends: self.ends.list(), runs: self.runs.list(), plain: self.plain }
    }
}

/// Communications of one branch.
struct Communications<'g, 'l, 'a> {
    guards: &'g mut Guards<'l, 'a>,
    run: Run,
    /// The number of the next replica.
    replica: u32,
    /// That one continues the run.
    is_run: bool,
}

impl<'a> Communications<'_, '_, 'a> {
    #[inline(always)]
    fn push(&mut self, end: Option<&'a End>) {
        if let Some(end) = end {
            if !self.is_run {
                self.guards.runs.push(Run { replica: self.replica, first: self.guards.ends.count(), ..self.run });
            }
            self.guards.ends.push(end);
        }
        self.is_run = end.is_some();
        self.replica += 1;
    }
}

/// Input guards of one branch.
pub struct Inputs<'g, 'l, 'a, T> {
    guards: Communications<'g, 'l, 'a>,
    #[allow(dead_code, reason = "its type is that of the receivers' messages")]
    slot: &'a Slot<T>,
}

impl<'a, T: Send> Inputs<'_, '_, 'a, T> {
    /// The next replica; no receiver if the precondition is false.
    #[inline(always)]
    pub fn push(&mut self, receiver: Option<&'a Receiver<T>>) {
        self.guards.push(receiver.map(Receiver::end));
    }
}

/// Output guards of one branch.
pub struct Outputs<'g, 'l, 'a, T: Send> {
    guards: Communications<'g, 'l, 'a>,
    #[allow(dead_code, reason = "its type is that of the senders' messages")]
    slot: &'a OutputSlot<T>,
}

impl<'a, T: Send> Outputs<'_, '_, 'a, T> {
    /// The next replica; no sender if the precondition is false.
    #[inline(always)]
    pub fn push(&mut self, sender: Option<&'a Sender<T>>) {
        self.guards.push(sender.map(Sender::end));
    }
}
