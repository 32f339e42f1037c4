//! Who sleeps deeply is told of fresh processes, by whoever brings them, or by the worker that was roused for them.

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{ModelParker, explore};
use crate::backend::Park;
use crate::backend::alarm::Alarm;
use crate::backend::idleness::{Idleness, Settled};

/// A worker that is brought two fresh processes while it is idle, and is blocked in the first one as soon as it runs; and one that sleeps deeply.
struct Watched {
    idle: Idleness,
    parker: ModelParker,
    fresh: AtomicUsize,
    alarm: Alarm,
    watcher: ModelParker,
}

impl Watched {
    fn tell(&self) {
        if self.alarm.is_set() {
            self.watcher.unpark();
        }
    }
}

#[test]
fn fresh_processes_are_never_left_beside_one_that_sleeps_deeply() {
    explore(3, || {
        let (idle, fresh, alarm) = (Idleness::new(), AtomicUsize::new(0), Alarm::new());
        let place = Arc::new(Watched { idle, parker: ModelParker::new(), fresh, alarm, watcher: ModelParker::new() });
        let settled = place.idle.settle(|| false);
        assert_eq!(settled, Settled::Sleep);
        let worker = {
            let place = place.clone();
            thread::spawn(move || {
                while place.idle.is_idle() {
                    place.parker.park(None);
                }
                place.idle.rise();
                // The shipped one tells of one, too; here that would hide whether it sees the second.
                if place.fresh.load(Ordering::Relaxed) > 1 {
                    place.tell();
                }
            })
        };
        let launcher = {
            let place = place.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    // SYNC fresh: as in `Worker::add_fresh`.
                    place.fresh.fetch_add(1, Ordering::Release);
                    if place.idle.rouse(|| (), || ()) {
                        place.parker.unpark();
                    }
                    if !place.idle.is_rising() {
                        place.tell();
                    }
                }
            })
        };
        // Whoever sleeps on hangs.
        while place.fresh.load(Ordering::Relaxed) < 2 {
            place.alarm.sleep(|| place.fresh.load(Ordering::Relaxed) == 2, || place.watcher.park(None));
        }
        worker.join().unwrap();
        launcher.join().unwrap();
    });
}
