//! Ends that are lent to a process: it cannot drop them, so what dropping would do is done after its body.

use super::here::current;
use crate::channel::{Receiver, Sender};

/// An argument, to be asked whether it lends ends.
pub struct Probe<T>(pub T);

/// The ends that an argument lends.
pub struct Lent<'a>(Ends<'a>);

enum Ends<'a> {
    One(&'a dyn PoisonLent),
    Slice(Box<dyn PoisonLent + 'a>),
}

trait PoisonLent {
    fn poison_lent(&self, cause: &crate::Cause);
}

impl<T> PoisonLent for Sender<T> {
    fn poison_lent(&self, cause: &crate::Cause) {
        self.poison_for(cause.clone());
    }
}

impl<T> PoisonLent for Receiver<T> {
    fn poison_lent(&self, cause: &crate::Cause) {
        self.poison_for(cause.clone());
    }
}

impl<E: PoisonLent> PoisonLent for Vec<E> {
    fn poison_lent(&self, cause: &crate::Cause) {
        self.iter().for_each(|end| end.poison_lent(cause));
    }
}

impl<E: PoisonLent> PoisonLent for &[E] {
    fn poison_lent(&self, cause: &crate::Cause) {
        self.iter().for_each(|end| end.poison_lent(cause));
    }
}

impl<E: PoisonLent, const N: usize> PoisonLent for [E; N] {
    fn poison_lent(&self, cause: &crate::Cause) {
        self.iter().for_each(|end| end.poison_lent(cause));
    }
}

/// For arguments that lend ends: found first by the method call.
#[allow(private_bounds, reason = "what can be lent is decided here")]
pub trait LentEnd<'a> {
    /// The ends.
    fn lent(&self) -> Option<Lent<'a>>;
}

impl<'a, E: PoisonLent> LentEnd<'a> for Probe<&'a E> {
    fn lent(&self) -> Option<Lent<'a>> {
        Some(Lent(Ends::One(self.0)))
    }
}

impl<'a, E: PoisonLent> LentEnd<'a> for Probe<&'a [E]> {
    fn lent(&self) -> Option<Lent<'a>> {
        Some(Lent(Ends::Slice(Box::new(self.0))))
    }
}

/// For all other arguments: found one reference further on.
pub trait NotAnEnd {
    /// Nothing.
    fn lent(&self) -> Option<Lent<'static>> {
        None
    }
}

impl<T> NotAnEnd for &Probe<T> {}

/// Does for lent ends, after a process's body, what dropping them would have done if that is to poison.
pub struct LentGuard<'a, const N: usize>([Option<Lent<'a>>; N]);

impl<'a, const N: usize> LentGuard<'a, N> {
    /// For the ends lent by all arguments.
    pub fn new(lent: [Option<Lent<'a>>; N]) -> Self {
        Self(lent)
    }
}

impl<const N: usize> Drop for LentGuard<'_, N> {
    fn drop(&mut self) {
        if let Some(cause) = current(|context| context.poison_on_drop()) {
            for lent in self.0.iter().flatten() {
                match &lent.0 {
                    Ends::One(end) => end.poison_lent(&cause),
                    Ends::Slice(ends) => ends.poison_lent(&cause),
                }
            }
        }
    }
}
