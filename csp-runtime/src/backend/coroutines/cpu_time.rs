//! How much of a processor's time a thread has had, as another one sees it.

use std::mem::MaybeUninit;
use std::time::Duration;

use nix::libc;
use nix::time::{ClockId, clock_gettime};

/// A thread, by the clock of its own time.
#[derive(Clone, Copy)]
pub(super) struct CpuTime(ClockId);

impl CpuTime {
    /// This thread's; or the time that passes, if the system tells no thread's time to others. The thread must never end, or nobody may ask then.
    pub(super) fn of_this_thread() -> Self {
        let mut clock = MaybeUninit::uninit();
        // SAFETY: only asks.
        let thread = unsafe { libc::pthread_self() };
        // SAFETY: the thread is this one, and there is room for the answer.
        let error = unsafe { libc::pthread_getcpuclockid(thread, clock.as_mut_ptr()) };
        // SAFETY: without an error the answer is there.
        let its = (error == 0).then(|| Self(ClockId::from_raw(unsafe { clock.assume_init() })));
        its.filter(|its| its.ask().is_some()).unwrap_or(Self(ClockId::CLOCK_MONOTONIC))
    }

    pub(super) fn so_far(self) -> Duration {
        self.ask().unwrap_or_default()
    }

    fn ask(self) -> Option<Duration> {
        clock_gettime(self.0).ok().map(Duration::from)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Instant;

    use super::*;

    #[test]
    fn another_threads_time_goes_on_while_that_computes_and_stands_while_it_waits() {
        let (told, clock) = sync_channel(0);
        let (go, wait) = sync_channel::<()>(0);
        let thread = std::thread::spawn(move || {
            told.send(Some(CpuTime::of_this_thread())).unwrap();
            let mut turns = 0_u64;
            while wait.try_recv().is_err() {
                turns += 1;
            }
            assert!(turns > 0);
            told.send(None).unwrap();
            wait.recv().unwrap();
        });
        let time = clock.recv().unwrap().expect("a clock");
        let (from, start) = (time.so_far(), Instant::now());
        while time.so_far() - from < Duration::from_millis(5) {
            assert!(start.elapsed() < Duration::from_secs(20), "it computes");
        }
        go.send(()).unwrap();
        clock.recv().unwrap();
        // It is on its way to its wait.
        let has_changed = || {
            let (before, start) = (time.so_far(), Instant::now());
            while start.elapsed() < Duration::from_millis(1) {}
            time.so_far() != before
        };
        let start = Instant::now();
        while has_changed() {
            assert!(start.elapsed() < Duration::from_secs(20), "it waits");
        }
        let (from, start) = (time.so_far(), Instant::now());
        while start.elapsed() < Duration::from_millis(20) {}
        assert!(time.so_far() - from < Duration::from_millis(10));
        go.send(()).unwrap();
        thread.join().unwrap();
    }
}
