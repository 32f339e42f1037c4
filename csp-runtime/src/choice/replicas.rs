//! The loop variables of a replicated branch, kept until it is known which replica was chosen.

use super::few::{Few, Filling};

/// How many need no allocation.
const IN_PLACE: usize = 8;

/// One set of bindings for each replica, of which some need no allocation.
pub struct Replicas<B>(Few<B, IN_PLACE>);

impl<B> Replicas<B> {
    /// No replicas yet.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    #[inline(always)]
    pub fn new() -> Self {
        Self(Few::new())
    }

    /// To add some.
    #[inline(always)]
    pub fn gather(&mut self) -> Gathering<'_, B> {
        Gathering(self.0.fill())
    }

    /// The bindings of the chosen replica: once.
    ///
    /// # Panics
    /// If there is no such replica.
    #[inline(always)]
    pub fn take(&mut self, replica: u32) -> B {
        self.0.take(replica as usize)
    }
}

impl<B> Drop for Replicas<B> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// The replicas of a branch while they are gathered.
pub struct Gathering<'r, B>(Filling<'r, B>);

impl<B> Gathering<'_, B> {
    /// One more.
    #[inline(always)]
    pub fn push(&mut self, bindings: B) {
        self.0.push(bindings);
    }

    /// The number of the next one. (A choice has fewer guards than would not fit.)
    #[inline(always)]
    #[must_use]
    pub fn number_of_next(&self) -> u32 {
        self.0.count() as u32
    }
}

impl<B> Drop for Gathering<'_, B> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.keep();
    }
}
