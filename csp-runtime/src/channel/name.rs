//! Names of channels, for reports.

use super::{Receiver, Sender};

/// Gives a new channel a name, by which reports call it; otherwise they give the line that made it.
///
/// # Examples
/// ```
/// use csp_runtime::prelude::*;
///
/// let (jobs_out, jobs_in) = channel::<u32>().named("jobs");
/// # drop((jobs_out, jobs_in));
/// ```
pub trait Named {
    /// The same channel, with a name. The first name stays.
    #[must_use]
    fn named(self, name: &str) -> Self;
}

impl<T> Named for (Sender<T>, Receiver<T>) {
    fn named(self, name: &str) -> Self {
        self.0.channel().set_name(name);
        self
    }
}
