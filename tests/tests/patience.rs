//! Threads that look whether a stranger is there still, as nobody else could end what others wait for: one is enough.

mod child;

use std::fs;
use std::thread;
use std::time::Duration;

use csp::Refusal;
use csp::prelude::*;

const STACK: usize = 1 << 20;
const ROUNDS: usize = 40;

#[process]
fn waits(never: Receiver<()>) -> bool {
    never.recv().is_err()
}

/// On a thread of its own, which ends with it.
#[process]
fn ends() {}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").expect("this process has threads").count()
}

/// Each time all that run are strangers, for longer than is waited for before somebody looks.
#[test]
fn whoever_ends_last_beside_a_stranger_keeps_no_thread() {
    let test = "whoever_ends_last_beside_a_stranger_keeps_no_thread";
    if !child::is_part(test) {
        let (status, text) = child::run(test, test, &[("CSP_BACKEND", "threads")]);
        assert!(status.success(), "{status}\n{text}");
        return;
    }
    let ((end, never), (_hold, silence)) = (channel(), channel::<()>());
    let waiting = thread::spawn(move || par! { waits(never) });
    let mut most = 0;
    for _ in 0..ROUNDS {
        spawn!(ends().stack_size(STACK)).join();
        assert_eq!(silence.recv_timeout(Duration::from_millis(120)), Err(Refusal::TimedOut));
        most = most.max(threads());
    }
    drop(end);
    assert!(waiting.join().expect("it ends"));
    // The tests' own, the stranger, its process, the one that is patient, those that will not be any more, and one that ends.
    assert!(most <= 8, "{most} threads");
}
