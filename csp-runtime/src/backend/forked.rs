//! What a forked child finds of the backends. It has but one thread, so whatever another one was in the middle of stays so for ever: a lock that
//! it held, or something that is made once and that it was about to make. So nobody forks before there is no such thing.

#[cfg(feature = "backend-seeded")]
use super::seeded;
#[cfg(feature = "backend-coroutines")]
use super::{calls, coroutines};
use super::{pool, threads};

/// All locks of the backends, held by the thread that forks; and all that is made once is there.
pub(crate) struct Locks {
    // In the order in which they are taken.
    #[cfg(feature = "backend-coroutines")]
    calls: calls::Lock,
    pool: pool::Lock,
    threads: threads::Lock,
    #[cfg(feature = "backend-coroutines")]
    coroutines: coroutines::Lock,
    #[cfg(feature = "backend-seeded")]
    seeded: seeded::Lock,
}

impl Locks {
    pub(crate) fn hold() -> Self {
        Self {
            #[cfg(feature = "backend-coroutines")]
            calls: calls::hold(),
            pool: pool::hold(),
            threads: threads::hold(),
            #[cfg(feature = "backend-coroutines")]
            coroutines: coroutines::hold(),
            #[cfg(feature = "backend-seeded")]
            seeded: seeded::hold(),
        }
    }

    /// In the child: its parent's threads are not here, nor who ran on them.
    pub(crate) fn forget_the_parent(&mut self) {
        #[cfg(feature = "backend-coroutines")]
        self.calls.forget_the_parent();
        self.pool.forget_the_parent();
        self.threads.forget_the_parent();
        #[cfg(feature = "backend-coroutines")]
        self.coroutines.forget_the_parent();
        #[cfg(feature = "backend-seeded")]
        self.seeded.forget_the_parent();
    }
}
