//! How many there are so far of what an `alt!` gathers, in a variable of its own.

/// The number of the next guard, or of the next replica of a branch. It is counted beside the list itself, whose own count lies in memory: this
/// one stays in a register, so that one entry of the list does not wait for the other.
#[derive(Debug)]
pub struct Number(pub(super) usize);

impl Number {
    /// None so far.
    #[allow(clippy::new_without_default, reason = "made by the macros only")]
    #[inline(always)]
    #[must_use]
    pub fn new() -> Self {
        Self(0)
    }

    /// That of the next one. (A choice has fewer guards than would not fit.)
    #[inline(always)]
    #[must_use]
    pub fn of_next(&self) -> u32 {
        self.0 as u32
    }
}
