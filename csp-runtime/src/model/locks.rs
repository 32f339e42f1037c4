//! Models of a channel's lock: the one that spins, and the one that belongs to a worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::thread;

use super::{ALL, explore};
use crate::rendezvous::bias::{BiasedLock, become_owner};
use crate::rendezvous::home::RawLock;
use crate::rendezvous::lock::SpinLock;
use crate::sync::{Guarded, Held, NoJournal};

#[test]
fn the_lock_excludes_and_publishes() {
    explore(ALL, || {
        let shared = Arc::new((SpinLock::new(), Guarded::new(0)));
        let add = |shared: &(SpinLock, Guarded<u32>)| {
            shared.0.lock();
            // SAFETY: locked, and used for what the lock protects.
            let held = unsafe { Held::new(NoJournal) };
            shared.1.set(shared.1.get(&held) + 1, &held);
            // SAFETY: locked above.
            unsafe { shared.0.unlock() };
        };
        let other = {
            let shared = shared.clone();
            thread::spawn(move || add(&shared))
        };
        add(&shared);
        other.join().unwrap();
        // SAFETY: the other thread has ended.
        assert_eq!(shared.1.get(&unsafe { Held::new(NoJournal) }), 2);
    });
}

/// Makes this thread an owner like no other: models run at the same time, and each many times over.
fn become_another_owner() {
    static OWNERS: AtomicUsize = AtomicUsize::new(0);
    become_owner(OWNERS.fetch_add(1, Ordering::Relaxed));
}

/// A lock that belongs to the one who comes first, and what it protects.
type Owned = (BiasedLock, Guarded<u32>);

fn add_one(shared: &Owned) {
    shared.0.lock();
    // SAFETY: locked, and used for what the lock protects.
    let held = unsafe { Held::new(NoJournal) };
    shared.1.set(shared.1.get(&held) + 1, &held);
    // SAFETY: locked above.
    unsafe { shared.0.unlock() };
}

/// An owner has the lock, and takes it `times` over, while `others` want it: owners of other locks, or of none.
fn an_owner_is_disturbed(preemptions: usize, times: u32, others: &'static [bool]) {
    explore(preemptions, move || {
        let shared: Arc<Owned> = Arc::new((BiasedLock::new(), Guarded::new(0)));
        become_another_owner();
        add_one(&shared);
        let others: Vec<_> = others
            .iter()
            .map(|&owns_locks| {
                let shared = shared.clone();
                thread::spawn(move || {
                    if owns_locks {
                        become_another_owner();
                    }
                    add_one(&shared);
                })
            })
            .collect();
        let count = 1 + times + others.len() as u32;
        (0..times).for_each(|_| add_one(&shared));
        for other in others {
            other.join().unwrap();
        }
        // SAFETY: the other threads have ended.
        assert_eq!(shared.1.get(&unsafe { Held::new(NoJournal) }), count);
    });
}

#[test]
fn an_owner_gives_up_its_lock() {
    an_owner_is_disturbed(3, 2, &[false]);
}

#[test]
fn two_take_an_owners_lock_away_at_once() {
    an_owner_is_disturbed(2, 1, &[false, true]);
}

/// An owner goes from one of its locks to the next, or takes the next one too, while another thread wants the first.
fn an_owner_has_two_locks(both: bool) {
    explore(3, move || {
        let locks: Arc<[Owned; 2]> =
            Arc::new([(BiasedLock::new(), Guarded::new(0)), (BiasedLock::new(), Guarded::new(0))]);
        become_another_owner();
        locks.iter().for_each(add_one);
        let other = {
            let locks = locks.clone();
            thread::spawn(move || add_one(&locks[0]))
        };
        if both {
            locks[0].0.lock();
            add_one(&locks[1]);
            // SAFETY: locked, and used for what the lock protects.
            let held = unsafe { Held::new(NoJournal) };
            locks[0].1.set(locks[0].1.get(&held) + 1, &held);
            // SAFETY: locked above.
            unsafe { locks[0].0.unlock() };
        } else {
            locks.iter().for_each(add_one);
        }
        other.join().unwrap();
        // SAFETY: the other thread has ended.
        let held = unsafe { Held::new(NoJournal) };
        assert_eq!([locks[0].1.get(&held), locks[1].1.get(&held)], [3, 2]);
    });
}

/// A shared lock is replaced by that of a hatch, while another thread waits for it, or has it.
#[test]
fn who_waits_for_a_shared_lock_takes_the_hatchs() {
    explore(3, || {
        let shared: Arc<Owned> = Arc::new((BiasedLock::new(), Guarded::new(0)));
        add_one(&shared);
        let other = {
            let shared = shared.clone();
            thread::spawn(move || add_one(&shared))
        };
        assert!(shared.0.make_hatch(), "nobody else makes one");
        add_one(&shared);
        other.join().unwrap();
        // SAFETY: the other thread has ended.
        assert_eq!(shared.1.get(&unsafe { Held::new(NoJournal) }), 3);
    });
}

#[test]
fn an_owner_goes_from_one_lock_to_the_next() {
    an_owner_has_two_locks(false);
}

#[test]
fn an_owner_takes_a_second_lock_meanwhile() {
    an_owner_has_two_locks(true);
}

#[test]
fn a_new_lock_gets_one_owner() {
    explore(2, || {
        let shared: Arc<Owned> = Arc::new((BiasedLock::new(), Guarded::new(0)));
        let owners = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || {
                become_another_owner();
                add_one(&shared);
                add_one(&shared);
            })
        });
        for owner in owners {
            owner.join().unwrap();
        }
        // SAFETY: the other threads have ended.
        assert_eq!(shared.1.get(&unsafe { Held::new(NoJournal) }), 4);
    });
}
