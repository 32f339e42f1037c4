//! The loop variables of a replicated branch, kept until it is known which replica was chosen.

use super::few::Few;
use super::number::Number;

/// One set of bindings for each replica; a few need no allocation.
pub struct Replicas<B>(Few<B>);

impl<B> Replicas<B> {
    /// No replicas yet.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    #[inline(always)]
    pub fn new() -> Self {
        Self(Few::new())
    }

    /// One more; `number` is always the same variable.
    ///
    /// # Panics
    /// If it is another one.
    #[inline(always)]
    pub fn push(&mut self, number: &mut Number, bindings: B) {
        self.0.push(number.0, bindings);
        number.0 += 1;
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
