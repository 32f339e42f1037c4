//! The loop variables of a replicated branch, kept until it is known which replica was chosen.

use super::few::Few;

/// One set of bindings for each replica; a few need no allocation.
pub struct Replicas<B>(Few<B>);

impl<B> Replicas<B> {
    /// No replicas yet.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    pub fn new() -> Self {
        Self(Few::new())
    }

    /// How many there are: the number of the next one.
    ///
    /// # Panics
    /// With more replicas than a choice may have guards.
    #[inline(always)]
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).expect("a choice has fewer guards")
    }

    /// One more.
    #[inline(always)]
    pub fn push(&mut self, bindings: B) {
        self.0.push(bindings);
    }

    /// The bindings of the chosen replica.
    pub fn take(self, replica: u32) -> B {
        self.0.into_one(replica as usize)
    }
}
