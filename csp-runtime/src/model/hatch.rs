//! Models of a hatch: whoever waits in it is met once, by the hatch or by the queue, and its message passes whole.

use std::sync::Arc;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::explore;
use crate::rendezvous::hatch::{Found, Hatch, Seeing, Waiter, Waits};
use crate::sync::{Guarded, Held, NoJournal};

/// Three words, so that more than the first passes.
type Message = [u64; 3];
const SIZE: usize = size_of::<Message>();
const NOTHING: Message = [0; 3];

/// A channel's hatch, and its queue, of one receiver at most.
struct Passage {
    hatch: Hatch,
    queue: Guarded<Option<*const Process>>,
}

/// One that waits: as its queue knows it.
struct Process {
    place: Guarded<Message>,
    /// It was met in the queue.
    done: AtomicU64,
}

// SAFETY: what is not atomic is under the hatch's lock, as loom checks.
unsafe impl Send for Passage {}
// SAFETY: as above.
unsafe impl Sync for Passage {}

impl Process {
    fn new() -> Self {
        Self { place: Guarded::new(NOTHING), done: AtomicU64::new(0) }
    }

    fn message(&self) -> Message {
        // SAFETY: it has been met, and whoever met it has shown that.
        self.place.get(&unsafe { Held::new(NoJournal) })
    }
}

impl Passage {
    fn new() -> Arc<Self> {
        Arc::new(Self { hatch: Hatch::new().expect("a model can do it"), queue: Guarded::new(None) })
    }

    /// As `Core::hold`: whoever takes the lock empties the hatch.
    fn hold(&self) -> Held<NoJournal> {
        self.hatch.lock();
        // SAFETY: locked just now.
        let lock = unsafe { Held::new(NoJournal) };
        if let Some(entry) = self.hatch.take_waiter(&lock) {
            assert!(self.queue.get(&lock).is_none(), "nobody waits in a queue while somebody waits in the hatch");
            self.queue.set(Some(entry.cast()), &lock);
        }
        lock
    }

    fn let_go(&self, _lock: Held<NoJournal>) {
        // SAFETY: by `hold`.
        unsafe { self.hatch.unlock() };
    }

    /// A receiver comes to wait. False: there is no room, or somebody waits in the queue.
    fn wait(&self, process: &Process, waiter: &Waiter) -> bool {
        self.hatch.lock();
        // SAFETY: locked just now.
        let lock = unsafe { Held::new(NoJournal) };
        if self.hatch.find(Waits::ToReceive, &lock) != Found::Room || self.queue.get(&lock).is_some() {
            self.let_go(lock);
            return false;
        }
        // SAFETY: as found; the process stays where it is. (Its place is written by `take_out`.)
        unsafe { self.hatch.wait(Waits::ToReceive, waiter, process.place.as_ptr().cast(), SIZE, lock) };
        true
    }

    /// One look of the receiver's worker, which then lets it wait in the queue: until it has been met.
    fn see_to(&self, process: &Process, waiter: &Waiter) -> Message {
        let mut seeing = self.hatch.look(waiter);
        if seeing == Seeing::Waiting {
            self.let_go(self.hold());
            seeing = self.hatch.look(waiter);
        }
        match seeing {
            Seeing::Met => {
                // SAFETY: its place, and its size.
                unsafe { self.hatch.take_out(Waits::ToReceive, process.place.as_ptr().cast(), SIZE) };
            }
            Seeing::Moved => {
                // SYNC model: as `completion`.
                while process.done.load(Ordering::Acquire) == 0 {
                    thread::yield_now();
                }
            }
            Seeing::Waiting => panic!("whoever takes the lock empties the hatch"),
        }
        process.message()
    }

    /// As a plain sender; false: nobody waits.
    fn send(&self, mut message: Message) -> bool {
        self.hatch.lock();
        // SAFETY: locked just now.
        let lock = unsafe { Held::new(NoJournal) };
        if self.hatch.find(Waits::ToSend, &lock) == Found::Partner {
            // SAFETY: as found.
            unsafe { self.hatch.meet(Waits::ToSend, (&raw mut message).cast(), SIZE, lock) };
            return true;
        }
        self.let_go(lock);
        let lock = self.hold();
        let met = self.send_to_queue(message, &lock);
        self.let_go(lock);
        met
    }

    fn send_to_queue(&self, message: Message, lock: &Held<NoJournal>) -> bool {
        let Some(process) = self.queue.get(lock) else { return false };
        self.queue.set(None, lock);
        // SAFETY: it waits until it is done.
        let process = unsafe { &*process };
        process.place.set(message, lock);
        // SYNC model: as above.
        process.done.store(1, Ordering::Release);
        true
    }
}

/// A receiver, and where it waits.
struct Waiting {
    process: Process,
    waiter: Waiter,
}

// SAFETY: as for `Passage`.
unsafe impl Send for Waiting {}
// SAFETY: as for `Passage`.
unsafe impl Sync for Waiting {}

fn receiver(passage: &Passage) -> &'static Waiting {
    let waiting: &'static mut Waiting =
        Box::leak(Box::new(Waiting { process: Process::new(), waiter: Waiter::new(std::ptr::null()) }));
    waiting.waiter = Waiter::new((&raw const waiting.process).cast());
    assert!(passage.wait(&waiting.process, &waiting.waiter), "there is room");
    waiting
}

#[test]
fn who_waits_in_a_hatch_is_met_once() {
    explore(4, || {
        let passage = Passage::new();
        let waiting = receiver(&passage);
        let others = {
            let passage = passage.clone();
            thread::spawn(move || {
                assert!(passage.send([1, 2, 3]));
                // Any other operation.
                passage.let_go(passage.hold());
            })
        };
        assert_eq!(passage.see_to(&waiting.process, &waiting.waiter), [1, 2, 3]);
        others.join().unwrap();
    });
}

/// The first is met in the queue; then another one waits in the hatch, and is met there: by a message that is not the first one's.
#[test]
fn who_has_moved_is_not_met_by_what_comes_for_the_next() {
    explore(4, || {
        let passage = Passage::new();
        let first = receiver(&passage);
        let others = {
            let passage = passage.clone();
            thread::spawn(move || {
                let lock = passage.hold();
                let met = passage.send_to_queue([1; 3], &lock);
                passage.let_go(lock);
                assert!(met, "it was in the hatch");
                let next = receiver(&passage);
                assert!(passage.send([2; 3]));
                assert_eq!(passage.see_to(&next.process, &next.waiter), [2; 3]);
            })
        };
        assert_eq!(passage.see_to(&first.process, &first.waiter), [1; 3]);
        others.join().unwrap();
    });
}

/// The message lies in the hatch until the receiver's worker has taken it out: nobody else waits there meanwhile.
#[test]
fn the_room_is_left_to_whoever_was_met() {
    explore(4, || {
        let passage = Passage::new();
        let first = receiver(&passage);
        let others = {
            let passage = passage.clone();
            thread::spawn(move || {
                assert!(passage.send([1; 3]));
                let next = Box::leak(Box::new(Process::new()));
                let waiter = Box::leak(Box::new(Waiter::new(std::ptr::from_ref(next).cast())));
                if passage.wait(next, waiter) {
                    assert!(passage.send([2; 3]));
                    assert_eq!(passage.see_to(next, waiter), [2; 3]);
                }
            })
        };
        assert_eq!(passage.see_to(&first.process, &first.waiter), [1; 3]);
        others.join().unwrap();
    });
}

/// A message of one word goes in one step, which a lock excludes.
#[test]
fn a_word_passes_in_one_step() {
    explore(4, || {
        let passage = Passage::new();
        let process: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
        let waiter: &'static Waiter = Box::leak(Box::new(Waiter::new(std::ptr::from_ref(process).cast())));
        passage.hatch.lock();
        // SAFETY: locked just now; it waits for a word.
        unsafe {
            passage.hatch.wait(Waits::ToReceive, waiter, std::ptr::null_mut(), size_of::<u64>(), Held::new(NoJournal));
        }
        let sender = {
            let passage = passage.clone();
            thread::spawn(move || {
                let word = 7_u64;
                // SAFETY: a word lies there.
                unsafe { passage.hatch.send_to_receiver((&raw const word).cast(), size_of::<u64>()) }
            })
        };
        // Its worker gives it up, or is too late.
        passage.hatch.lock();
        // SAFETY: locked just now.
        let moved = passage.hatch.take_waiter(&unsafe { Held::new(NoJournal) }).is_some();
        // SAFETY: as above.
        unsafe { passage.hatch.unlock() };
        let mut got = 0_u64;
        if passage.hatch.look(waiter) == Seeing::Met {
            // SAFETY: room for a word.
            unsafe { passage.hatch.take_out(Waits::ToReceive, (&raw mut got).cast(), size_of::<u64>()) };
        }
        let sent = sender.join().unwrap();
        assert_eq!((sent, got), if moved { (false, 0) } else { (true, 7) });
    });
}
