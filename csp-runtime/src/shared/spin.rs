//! How a thread waits for another OS process before it sleeps: by pauses, since that may be on another core, and by yields, since it may not.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::census;
use crate::backend::threads::cores;

/// Pauses (some 10 ns each, or 40) from one look to the next: whoever looks takes the cache line away from the partner, who is about to write there.
const PAUSES: u32 = 4;
/// Looks in a row: longer than a partner takes that runs on another core. So who waits longer lets others have this one.
const LOOKS: u32 = 13;
/// So often, while there is a core for everybody: in all what waking costs, so that whoever is woken finds its partner awake.
const ROUNDS: u32 = 20;
/// Without: a yield is one switch of processes. On a single core only the first can pay: whoever comes back from it in vain sleeps, so that the
/// next to be woken stands right behind its waker, and a token runs round a ring with one switch a hop.
const CROWDED_YIELDS: u32 = 4;
/// A yield that takes longer has let somebody compute, for a whole turn, or hundreds who wait in turn, and will do so again.
const COMPUTES: Duration = Duration::from_millis(1);
/// So many waits go without a yield then.
const UNYIELDING: u32 = 16;

thread_local! {
    static UNYIELDING_WAITS: Cell<u32> = const { Cell::new(0) };
}

/// One more attempt. False: it is time to sleep.
pub(super) fn spin(attempt: u32) -> bool {
    let unyielding = UNYIELDING_WAITS.get();
    if unyielding > 0 {
        pause();
        let goes_on = attempt < LOOKS && cores() > 1;
        UNYIELDING_WAITS.set(unyielding - u32::from(!goes_on));
        return goes_on;
    }
    if census::awake() > cores() {
        return let_others_run() && attempt + 1 < CROWDED_YIELDS && cores() > 1;
    }
    if attempt % (LOOKS + 1) == LOOKS {
        return let_others_run() && attempt < ROUNDS * (LOOKS + 1);
    }
    pause();
    true
}

fn pause() {
    for _ in 0..PAUSES {
        std::hint::spin_loop();
    }
}

/// False: somebody computes here, and nobody should wait for him again and again.
fn let_others_run() -> bool {
    let start = Instant::now();
    std::thread::yield_now();
    let some_compute = start.elapsed() > COMPUTES;
    if some_compute {
        UNYIELDING_WAITS.set(UNYIELDING);
    }
    !some_compute
}
