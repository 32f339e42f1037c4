//! Model tests of the arena's table: loom runs the shipped operations in every order that a few preemptions allow.

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;

use super::blocks::{Entry, Granule, Header, Table};
use super::{Kind, Owner, Purpose};

/// Two granules of four units, and a cell for the content of each unit: loom reports two that touch one at once.
struct Small {
    table: Table,
    content: Vec<UnsafeCell<u32>>,
}

// SAFETY: whoever owns a block alone touches its content, which is what loom checks.
unsafe impl Sync for Small {}
// SAFETY: as above.
unsafe impl Send for Small {}

const GRANULES: usize = 2;
const UNITS: usize = 4 * GRANULES;

impl Small {
    fn new() -> Arc<Self> {
        let granules: Vec<_> = (0..GRANULES).map(|_| Granule::fresh()).collect();
        let entries: Vec<_> = (0..UNITS).map(|_| Entry::fresh()).collect();
        let table = Table::new(Box::leak(Box::new(Header::fresh())), granules.leak(), entries.leak(), 2);
        Arc::new(Self { table, content: (0..UNITS).map(|_| UnsafeCell::new(0)).collect() })
    }

    fn take(&self, units: usize, owner: u32) -> Option<u32> {
        let owner = Owner::of(owner).unwrap();
        self.table.allocate(units * super::UNIT, Kind::Message, owner, Purpose::Certain)
    }

    fn write(&self, unit: u32) {
        // SAFETY: the caller owns the block.
        self.content[unit as usize].with_mut(|place| unsafe { *place += 1 });
    }

    /// A run of both granules, which is what a message of more than the largest class is in an arena of ordinary size.
    fn take_all(&self, owner: u32) -> Option<u32> {
        self.table.take_run(GRANULES, owner, Purpose::Certain)
    }

    fn write_run(&self, head: u32, granules: u32) {
        (head..head + 4 * granules).for_each(|unit| self.write(unit));
    }

    /// Takes all, if it is to be had, and frees it.
    fn use_all(&self, owner: u32) {
        if let Some(run) = self.take_all(owner) {
            self.write_run(run, GRANULES as u32);
            self.table.free(run);
        }
    }

    /// Nothing is lost: all of it can be had.
    fn audit(&self, owners: &[u32]) {
        for owner in owners {
            self.table.sweep(*owner, |_| ());
            assert_eq!(self.table.traces(*owner), 0);
        }
        self.table.unmake_spares(5);
        self.table.retire_empty_slabs(5);
        assert_eq!(self.table.claimed(), 0);
        assert_eq!(self.take_all(5), Some(0));
    }
}

fn explore(preemptions: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    builder.check(run);
}

#[test]
fn a_block_has_one_owner_after_another() {
    explore(2, || {
        let small = Small::new();
        (0..3).for_each(|_| assert!(small.take(1, 3).is_some())); // one is left in the slab
        let other = {
            let small = small.clone();
            thread::spawn(move || {
                let unit = small.take(1, 1).unwrap();
                small.write(unit);
                small.table.free(unit);
            })
        };
        let unit = small.take(1, 2).unwrap();
        small.write(unit);
        small.table.free(unit);
        other.join().unwrap();
        small.audit(&[1, 2, 3]);
    });
}

#[test]
fn a_slab_is_not_retired_under_an_allocation() {
    explore(2, || {
        let small = Small::new();
        let unit = small.take(1, 3).unwrap();
        small.table.free(unit); // an empty slab
        let other = {
            let small = small.clone();
            thread::spawn(move || {
                small.table.retire_empty_slabs(1);
                let run = small.take_all(1);
                run.inspect(|run| small.write_run(*run, 2))
            })
        };
        let unit = small.table.allocate_small(0, 2, Purpose::Certain);
        if let Some(unit) = unit {
            small.write(unit);
        }
        let run = other.join().unwrap();
        assert!(unit.is_none() || run.is_none(), "a block lies in a run of another");
        small.audit(&[1, 2, 3]);
    });
}

#[test]
fn a_spare_run_has_one_owner_after_another() {
    explore(2, || {
        let small = Small::new();
        small.table.free(small.take_all(3).unwrap()); // a spare run
        let other = {
            let small = small.clone();
            thread::spawn(move || small.use_all(1))
        };
        small.use_all(2);
        other.join().unwrap();
        small.audit(&[1, 2, 3]);
    });
}

#[test]
fn a_spare_run_is_another_when_it_is_taken() {
    explore(2, || {
        let small = Small::new();
        small.table.free(small.take_all(3).unwrap()); // a spare run
        let other = {
            let small = small.clone();
            thread::spawn(move || {
                if small.table.take_spare(GRANULES, 1).is_some() {
                    small.write_run(0, 2);
                }
            })
        };
        small.table.unmake_spares(2);
        let halves = [0, 1].map(|_| small.table.take_run(1, 2, Purpose::Certain));
        for half in halves.into_iter().flatten() {
            small.write_run(half, 1);
        }
        if let Some(half) = halves[0] {
            small.table.free(half); // a spare run that begins where the other one began
        }
        if let Some(half) = halves[1] {
            small.write_run(half, 1);
        }
        other.join().unwrap();
        small.audit(&[1, 2, 3]);
    });
}

#[test]
fn a_sweep_beside_an_allocation_frees_what_is_the_deads_alone() {
    explore(2, || {
        let small = Small::new();
        let dead = [small.take(1, 3).unwrap(), small.take(1, 3).unwrap()];
        dead.iter().for_each(|unit| small.write(*unit));
        let own = small.take(1, 2).unwrap();
        let sweeper = {
            let small = small.clone();
            thread::spawn(move || {
                let mut seen = Vec::new();
                small.table.sweep(3, |unit| seen.push(unit));
                seen
            })
        };
        let more = [small.take(1, 2), small.take(1, 2)].map(Option::unwrap);
        for unit in [own, more[0], more[1]] {
            small.write(unit);
            small.table.free(unit);
        }
        assert_eq!(sweeper.join().unwrap(), dead);
        small.audit(&[2, 3]);
    });
}
