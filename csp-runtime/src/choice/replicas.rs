//! The loop variables of a replicated branch, kept until it is known which replica was chosen.

use smallvec::SmallVec;

/// One set of bindings for each replica; a few need no allocation.
pub struct Replicas<B>(SmallVec<[B; 8]>);

impl<B> Replicas<B> {
    /// No replicas yet.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    pub fn new() -> Self {
        Self(SmallVec::new())
    }

    /// How many there are: the number of the next one.
    ///
    /// # Panics
    /// With more replicas than a choice may have guards.
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).expect("a choice has fewer guards")
    }

    /// One more.
    pub fn push(&mut self, bindings: B) {
        self.0.push(bindings);
    }

    /// The bindings of the chosen replica.
    pub fn take(mut self, replica: u32) -> B {
        self.0.swap_remove(replica as usize)
    }
}
