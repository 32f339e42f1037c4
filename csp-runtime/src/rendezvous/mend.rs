//! What is done to a channel when somebody who used it is dead.

use super::core::{Core, Wakes};
use super::home::Home;
use super::offer::Offer;
use crate::sync::{Held, Journal};

impl<H: Home> Core<H> {
    /// Takes the entries of the dead out of the queues.
    pub(crate) fn evict(&self, is_dead: impl Fn(*const Offer) -> bool) {
        self.locked(|lock, wakes| self.evict_within(&is_dead, lock, wakes));
    }

    /// Places of the buffer that are kept for somebody.
    #[cfg(csp_steps)]
    pub(crate) fn kept_places(&self, lock: &Held<H::Journal>) -> usize {
        self.kept.get(lock)
    }

    /// Under a lock that its holder left when it died, and that the caller has taken over: finishes what it was at.
    pub(crate) fn mend(&self, is_dead: impl Fn(*const Offer) -> bool, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
        self.evict_within(&is_dead, lock, wakes);
    }

    fn evict_within(&self, is_dead: &dyn Fn(*const Offer) -> bool, lock: &Held<H::Journal>, wakes: &mut Wakes<H>) {
        for queue in [&self.senders, &self.receivers] {
            let mut next = queue.first(lock);
            while let Some(entry) = next {
                next = queue.after(entry, lock);
                if is_dead(std::ptr::from_ref::<Offer>(entry.offer())) {
                    queue.remove(entry, lock);
                    lock.journal().commit();
                }
            }
        }
        self.finish(lock, wakes);
    }
}
