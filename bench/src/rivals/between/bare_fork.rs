//! The least that a process costs which sends one message: fork, write to a pipe, `_exit`, wait. From the same parent as ours: a program
//! that has spawned processes by csp, and so has an arena, and threads that watch over what it spawns.

use std::io::{Read, Write, pipe};
use std::sync::Once;
use std::time::{Duration, Instant};

use crate::forked::Forked;
use crate::ours;
use crate::timing::WARM_UP;

/// Forks a process that sends one message and ends; `times` over.
pub(super) fn spawn(times: u64) -> Duration {
    static PARENT: Once = Once::new();
    PARENT.call_once(ours::become_a_parent);
    (0..WARM_UP).for_each(exchange);
    let start = Instant::now();
    (0..times).for_each(exchange);
    start.elapsed()
}

fn exchange(message: u64) {
    let (mut receiver, mut sender) = pipe().expect("a pipe");
    let child = Forked::bare(|| sender.write_all(&message.to_ne_bytes()).is_ok());
    let mut bytes = [0; 8];
    receiver.read_exact(&mut bytes).expect("the child sends");
    child.join();
    assert_eq!(u64::from_ne_bytes(bytes), message);
}
