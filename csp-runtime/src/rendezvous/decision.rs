//! The decision word of an offer: who may decide it, and what was decided. The only file with its compare-and-swap.
//!
//! `PROTOCOL.md` beside this file draws the states; every change of the word is one of the transitions below.

use crate::sync::{AtomicU32, Ordering, mutant, pause, step};

const PHASE: u32 = 0b11;
const OPEN: u32 = 0;
const CLAIMED: u32 = 1;
const SELECTED: u32 = 2;
const DONE: u32 = 3;
const PARKED: u32 = 1 << 2;
const COUNTED: u32 = 1 << 3;
const SLEEP: u32 = PARKED | COUNTED | SLEEPER;
/// The owner sleeps from the start, and never changes the word but by `withdraw`.
const SLEEPER: u32 = 1 << 6;
/// A retirement asks the owner, a choice, to look at its channels again.
const NUDGED: u32 = 1 << 7;
/// What others leave as it is when they change the phase.
const KEEP: u32 = SLEEP | NUDGED;
const OUTCOME_SHIFT: u32 = 4;
const OUTCOME: u32 = 0b11 << OUTCOME_SHIFT;
const GUARD_SHIFT: u32 = 8;
/// While the word is CLAIMED or SELECTED: who did that, where guards stand once it is DONE.
const DECIDER_SHIFT: u32 = GUARD_SHIFT;

/// The greatest number of guards that one choice may have.
pub(crate) const MAX_GUARDS: usize = 1 << (32 - GUARD_SHIFT);

/// How a decided offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A communication took place, or a timeout guard was taken.
    Met,
    /// The channel, or for a choice the last channel that was left, was retired.
    Retired,
    /// The channel was poisoned.
    Poisoned,
    /// Whoever had taken the offer died before anything came of it: the owner offers anew.
    Again,
}

/// What has come of an offer by now, as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing.
    None,
    /// It is complete: the guard, and the outcome.
    Done(u32, Outcome),
    /// A channel of this choice is retired; the choice has to look which.
    Nudged,
}

/// What came of a nudge.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nudge {
    /// The owner will look, and this is how it sleeps meanwhile.
    Given(Sleep),
    /// The offer is decided: it needs none.
    TooLate,
}

/// Whether a partner won the right to decide an offer.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The offer is the caller's to complete.
    Won,
    /// Somebody else has decided it.
    Lost,
}

/// How the owner of a completed offer sleeps, so that only a sleeper is woken.
///
/// As wide as it is read from the list of wake-ups a moment after it was written: a narrower store would not be forwarded.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Sleep {
    /// It is awake and will see the completion itself.
    Awake,
    /// It parked, and no longer counts among the running processes.
    Counted,
    /// It parked, but never left the count (it has a deadline, or was never in it).
    Uncounted,
}

/// The word: phase, sleep bits, outcome and chosen guard in 32 bits.
pub(crate) struct Decision(AtomicU32);

impl Decision {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(OPEN))
    }

    /// Of an owner that never waits awake: a coroutine. It says so before anybody can see the word.
    pub(crate) fn of_a_sleeper() -> Self {
        Self(AtomicU32::new(OPEN | PARKED | SLEEPER))
    }

    /// DONE → OPEN by the owner, for its next offer.
    #[cfg(feature = "backend-processes")]
    #[inline]
    pub(crate) fn open(&self) {
        step();
        // SYNC renewal: whoever sees it open sees which offer it is.
        self.0.store(OPEN, Ordering::Release);
    }

    /// DONE → OPEN by an owner that never waits awake, and at whose former offer nobody looks any more.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn open_of_a_sleeper(&self) {
        self.0.store(OPEN | PARKED | SLEEPER, Ordering::Relaxed); // published with its entry, by the channel's lock
    }

    /// The word that sleepers in shared memory sleep on, and what it is.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn as_word(&self) -> &AtomicU32 {
        &self.0
    }

    #[cfg(feature = "backend-processes")]
    pub(crate) fn word(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// What a dead process did to the word of somebody else is taken back: a claim ends, and what it had selected is offered anew by
    /// its owner, who is to be woken if this says so.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn take_back(&self, dead: u32) -> Option<Sleep> {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if word >> DECIDER_SHIFT != dead {
                return None;
            }
            let next = match word & PHASE {
                CLAIMED => OPEN | word & KEEP,
                SELECTED => DONE | (Outcome::Again as u32) << OUTCOME_SHIFT,
                _ => return None,
            };
            step();
            // SYNC claim: see `leave_open`.
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) if next & PHASE == OPEN => return None,
                Ok(_) => return Some(how_it_sleeps(word)),
                Err(now) => word = now,
            }
        }
    }

    /// OPEN → SELECTED: a partner or a poisoner takes the offer for good. Waits out a claim.
    pub(crate) fn select(&self, decider: u32) -> Claim {
        self.leave_open(SELECTED | decider << DECIDER_SHIFT)
    }

    /// OPEN → CLAIMED: the first half of deciding two choices at once. Waits out another's claim.
    pub(crate) fn claim(&self, decider: u32) -> Claim {
        self.leave_open(CLAIMED | decider << DECIDER_SHIFT)
    }

    /// OPEN → DONE(guard) by the owner itself: its deadline passed first.
    pub(crate) fn withdraw(&self, guard: u32) -> Claim {
        if mutant("timeout_overrides") {
            return Claim::Won;
        }
        self.leave_open(DONE | guard << GUARD_SHIFT)
    }

    /// Leaves OPEN for `next`, keeping the sleep bits, unless somebody else decided. A claim is released or confirmed
    /// within a few instructions of its holder, which never waits for a lock meanwhile: busy waiting ends.
    fn leave_open(&self, next: u32) -> Claim {
        let mut attempt = 0;
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            match word & PHASE {
                OPEN => {
                    step();
                    // SYNC claim: each step of the competition sees the ones before it, here, in `end_claim` and in
                    // `prepare_to_park`. (What the offer's entries point to is published by the channel's lock.)
                    match self.0.compare_exchange_weak(word, next | word & KEEP, Ordering::AcqRel, Ordering::Relaxed) {
                        Ok(_) => return Claim::Won,
                        Err(now) => word = now,
                    }
                }
                CLAIMED => {
                    pause(attempt);
                    attempt += 1;
                    word = self.0.load(Ordering::Relaxed);
                }
                _ => return Claim::Lost,
            }
        }
    }

    /// CLAIMED → OPEN by the claimer: the other half was lost.
    pub(crate) fn unclaim(&self) {
        self.end_claim(OPEN);
    }

    /// CLAIMED → SELECTED by the claimer: the other half was won.
    pub(crate) fn confirm(&self, decider: u32) {
        self.end_claim(SELECTED | decider << DECIDER_SHIFT);
    }

    /// Only the owner's sleep bits and nudges can change beneath a claim, so this ends after a few rounds.
    fn end_claim(&self, next: u32) {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            debug_assert_eq!(word & PHASE, CLAIMED);
            step();
            // SYNC claim: see `leave_open`.
            match self.0.compare_exchange_weak(word, next | word & KEEP, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// → DONE(guard, outcome) by whoever decided the offer (for a plain offer: whoever took its entry from the queue).
    /// From here on the owner may be gone, and the offer with it.
    pub(crate) fn complete(&self, guard: u32, outcome: Outcome) -> Sleep {
        // SYNC completion: publishes the message and the partner to `result`.
        let ordering = if mutant("relaxed_completion") { Ordering::Relaxed } else { Ordering::Release };
        let done = DONE | (outcome as u32) << OUTCOME_SHIFT | guard << GUARD_SHIFT;
        step();
        if self.0.load(Ordering::Relaxed) & SLEEPER != 0 {
            // It is decided, so no other changes the word, and its owner has nothing to announce. That it is a sleeper's stays
            // true: entries of a choice that is decided stand in queues until it runs.
            self.0.store(done | SLEEPER, ordering);
            return if mutant("sleeper_not_woken") { Sleep::Awake } else { Sleep::Uncounted };
        }
        how_it_sleeps(self.0.swap(done, ordering))
    }

    /// Whether the owner never waits awake.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn is_of_a_sleeper(&self) -> bool {
        self.0.load(Ordering::Relaxed) & SLEEPER != 0
    }

    /// As [`complete`](Self::complete), of an offer whose owner never waits awake.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn complete_sleeper(&self, guard: u32, outcome: Outcome) {
        debug_assert_ne!(self.0.load(Ordering::Relaxed) & SLEEPER, 0);
        // SYNC completion: as in `complete`.
        self.0.store(DONE | SLEEPER | (outcome as u32) << OUTCOME_SHIFT | guard << GUARD_SHIFT, Ordering::Release);
    }

    /// As [`complete`](Self::complete), of a plain offer whose owner never waits awake, by a communication.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn complete_standing(&self) {
        self.complete_sleeper(0, Outcome::Met);
    }

    /// Whether [`complete_standing`](Self::complete_standing), or somebody with the same result, has completed it.
    #[cfg(all(not(loom), feature = "backend-coroutines"))]
    #[inline(always)]
    pub(crate) fn has_met_standing(&self) -> bool {
        // SYNC completion: as in `result`.
        self.0.load(Ordering::Acquire) == DONE | SLEEPER | (Outcome::Met as u32) << OUTCOME_SHIFT
    }

    /// Asks the owner of an undecided choice to look at its channels again. Whoever sleeps is woken, and counts as awake.
    pub(crate) fn nudge(&self) -> Nudge {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if !matches!(word & PHASE, OPEN | CLAIMED) {
                return Nudge::TooLate;
            }
            let awake = if word & SLEEPER != 0 { word } else { word & !SLEEP };
            step();
            // SYNC claim: see `leave_open`; the owner's look sees the retirement that came before this.
            match self.0.compare_exchange_weak(word, awake | NUDGED, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Nudge::Given(how_it_sleeps(word)),
                Err(now) => word = now,
            }
        }
    }

    /// The owner has seen that it was nudged, and is about to look.
    pub(crate) fn take_nudge(&self) {
        step();
        // SYNC claim: see `nudge`.
        self.0.fetch_and(!NUDGED, Ordering::AcqRel);
    }

    /// The owner announces that it is going to sleep. False: there is news already and it must not.
    #[must_use]
    pub(crate) fn prepare_to_park(&self, counted: bool) -> bool {
        let bits = if counted { PARKED | COUNTED } else { PARKED };
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if has_news(word) {
                return false;
            }
            if word & SLEEPER != 0 {
                return true;
            }
            if mutant("silent_sleep") {
                return true;
            }
            step();
            // SYNC claim: see `leave_open`.
            match self.0.compare_exchange_weak(word, word | bits, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
    }

    /// Whether the owner sleeps, and whoever completes this counts it among the running processes again.
    #[cfg(feature = "backend-processes")]
    pub(crate) fn is_counted_out(&self) -> bool {
        let word = self.0.load(Ordering::Relaxed);
        word & PHASE != DONE && word & COUNTED != 0
    }

    /// What was decided, once it is complete.
    #[inline]
    pub(crate) fn result(&self) -> Option<(u32, Outcome)> {
        // SYNC completion: sees all that the completer wrote before `complete`.
        let word = self.0.load(Ordering::Acquire);
        if word & PHASE != DONE {
            return None;
        }
        let outcome = match (word & OUTCOME) >> OUTCOME_SHIFT {
            0 => Outcome::Met,
            1 => Outcome::Retired,
            2 => Outcome::Poisoned,
            _ => Outcome::Again,
        };
        Some((word >> GUARD_SHIFT, outcome))
    }

    /// Whether the owner has reason to go on: it is complete, or was nudged.
    #[inline]
    pub(crate) fn is_news(&self) -> bool {
        // SYNC completion: as in `result`; a nudge shows the retirement in the same way.
        has_news(self.0.load(Ordering::Acquire))
    }

    /// What the owner has to know.
    pub(crate) fn news(&self) -> News {
        match self.result() {
            Some((guard, outcome)) => News::Done(guard, outcome),
            None if self.is_news() => News::Nudged,
            None => News::None,
        }
    }

    /// Whether nobody has decided yet, or the decision still waits for its message, and the owner was not asked to look (for the deadlock report).
    pub(crate) fn is_pending(&self) -> bool {
        !self.is_news()
    }
}

/// How the owner slept when the word was this.
fn how_it_sleeps(word: u32) -> Sleep {
    match word & SLEEP {
        0 => Sleep::Awake,
        sleep if sleep & COUNTED != 0 => Sleep::Counted,
        _ => Sleep::Uncounted,
    }
}

#[inline]
fn has_news(word: u32) -> bool {
    word & PHASE == DONE || word & NUDGED != 0
}
