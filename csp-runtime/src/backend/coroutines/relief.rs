//! A coroutine that waits while it unwinds, in a `Drop`.
//!
//! std counts panics by thread, so its neighbours would seem to panic too while it waits: their operations would be refused, their ends would poison. So
//! another thread takes the panic over for so long. It goes there and back by a panic that is raised on one thread and caught on the other.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Sender};
use std::thread;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};

use crate::backend::pool;

/// What raising and catching takes.
const STACK: usize = 64 << 10;
/// At most so many panics of a thread are taken over, of which each has come in a `Drop` of the one before.
const DEEPEST: usize = 8;

/// This thread does not count as panicking until this is dropped.
pub(in crate::backend) struct Relief {
    /// One for each of its panics, and who waits for it.
    taken_over: Vec<(Burden, Sender<Burden>)>,
}

impl Relief {
    /// For a thread that is panicking.
    #[cold]
    pub(in crate::backend) fn of_this_thread() -> Self {
        let mut relief = Self { taken_over: Vec::new() };
        while thread::panicking() && relief.taken_over.len() < DEEPEST {
            // Where no thread is to be had, all is as it would be without.
            let Some(taken_over) = take_over() else { break };
            relief.taken_over.push(taken_over);
        }
        relief
    }
}

impl Drop for Relief {
    fn drop(&mut self) {
        for (mut burden, giver) in self.taken_over.drain(..) {
            burden.raise_or_catch();
            // It waits for that and nothing else, so it is there.
            let _ = giver.send(burden);
        }
    }
}

/// Another thread has one panic more from now on, and this one has one less.
fn take_over() -> Option<(Burden, Sender<Burden>)> {
    let ((here, from_there), (there, from_here)) = (mpsc::channel::<Burden>(), mpsc::channel::<Burden>());
    let gives_and_takes = move || {
        let Some(mut burden) = Burden::new() else { return };
        burden.raise_or_catch();
        // Whoever has started this thread waits for it.
        let _ = here.send(burden);
        if let Ok(mut burden) = from_here.recv() {
            burden.raise_or_catch();
        }
    };
    pool::start_thread(STACK, gives_and_takes).ok()?;
    let mut burden = from_there.recv().ok()?;
    burden.raise_or_catch();
    Some((burden, there))
}

/// A coroutine that raises a panic on the thread that resumes it, and catches that on the thread that resumes it next: there, and back.
struct Burden(Coroutine<(), (), (), DefaultStack>);

// SAFETY: its stack holds nothing that belongs to a thread: the panic, and frames of `raise_and_catch`.
unsafe impl Send for Burden {}

impl Burden {
    fn new() -> Option<Self> {
        let stack = DefaultStack::new(STACK).ok()?;
        let there_and_back = |yielder: &Yielder<(), ()>, ()| {
            raise_and_catch(yielder);
            yielder.suspend(());
            raise_and_catch(yielder);
        };
        Some(Self(Coroutine::with_stack(stack, there_and_back)))
    }

    fn raise_or_catch(&mut self) {
        let _ = self.0.resume(());
    }
}

/// In between it is suspended.
#[inline(never)]
fn raise_and_catch(yielder: &Yielder<(), ()>) {
    struct Suspends<'a>(&'a Yielder<(), ()>);
    impl Drop for Suspends<'_> {
        fn drop(&mut self) {
            self.0.suspend(());
        }
    }
    /// Never inlined: the count that this raises is another thread's than the one that catching it lowers.
    #[inline(never)]
    fn raise(yielder: &Yielder<(), ()>) {
        let _in_between = Suspends(yielder);
        // Without a message, and so past the panic hook.
        resume_unwind(Box::new(()));
    }
    let _ = catch_unwind(AssertUnwindSafe(|| raise(yielder)));
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::RefCell;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::thread::panicking;

    use super::Relief;

    /// Says whether its thread panics before, during and after a relief, in a `Drop`, in one in that, and so on.
    struct Nested<'a>(u32, &'a RefCell<Vec<(u32, [bool; 3])>>);

    impl Drop for Nested<'_> {
        fn drop(&mut self) {
            let Self(depth, seen) = *self;
            let before = panicking();
            let relief = Relief::of_this_thread();
            let during = panicking();
            drop(relief);
            seen.borrow_mut().push((depth, [before, during, panicking()]));
            if depth > 1 {
                panic_with(Nested(depth - 1, seen));
            }
        }
    }

    fn panic_with(nested: Nested<'_>) {
        let panics = || {
            let _nested = nested;
            resume_unwind(Box::new("on purpose"));
        };
        assert_eq!(catch_unwind(AssertUnwindSafe(panics)).unwrap_err().downcast_ref(), Some(&"on purpose"));
    }

    #[test]
    fn a_relieved_thread_is_one_that_does_not_panic() {
        for depth in [1, 3] {
            let seen = RefCell::default();
            panic_with(Nested(depth, &seen));
            assert!(seen.take().into_iter().eq((1..=depth).rev().map(|depth| (depth, [true, false, true]))));
            assert!(!panicking());
        }
    }
}
