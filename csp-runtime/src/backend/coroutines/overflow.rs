//! Says which process has overflowed its stack, where the system would only report a segmentation fault.

use std::ffi::{c_int, c_void};
use std::io::{Write, stderr};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, OnceLock, PoisonError};

use nix::libc::siginfo_t;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};

use super::stack;

/// Ranges of addresses that a signal handler can search while others are added and removed.
pub(super) struct Regions<const N: usize> {
    /// Start and end; free if the start is 0.
    places: [(AtomicUsize, AtomicUsize); N],
    /// Where to look for a free place first. Held by whoever adds or removes.
    writing: Mutex<usize>,
}

impl<const N: usize> Regions<N> {
    pub(super) const fn new() -> Self {
        Self { places: [const { (AtomicUsize::new(0), AtomicUsize::new(0)) }; N], writing: Mutex::new(0) }
    }

    /// Nobody adds or removes a range while this is held.
    pub(super) fn hold(&self) -> MutexGuard<'_, usize> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a range that overlaps none of those present; if all places are taken, it does nothing.
    pub(super) fn add(&self, first: usize, behind: usize) {
        let mut from = self.hold();
        let mut all = (*from..N).chain(0..*from);
        let free = all.find(|number| self.places[*number].0.load(Ordering::Relaxed) == 0);
        if let Some(number) = free {
            let (start, end) = &self.places[number];
            *from = number;
            // SYNC end: whoever sees this end also sees that the place was free before; see `holding`.
            end.store(behind, Ordering::Release);
            // SYNC start: whoever sees this start sees this end, or a later one.
            start.store(first, Ordering::Release);
        }
    }

    /// Removes the range that starts there, if it has found a place.
    pub(super) fn remove(&self, first: usize) {
        let mut from = self.hold();
        if let Some(number) = self.places.iter().position(|(start, _)| start.load(Ordering::Relaxed) == first) {
            self.places[number].0.store(0, Ordering::Relaxed);
            *from = number;
        }
    }

    /// Start and end of the range in which `address` lies. Safe in a signal handler: it reads atomics and nothing else.
    pub(super) fn holding(&self, address: usize) -> Option<(usize, usize)> {
        self.places.iter().find_map(|(start, end)| {
            // SYNC start: the end is no older than the start.
            let first = start.load(Ordering::Acquire);
            // SYNC end: if it is younger, the second look at the start finds the place free or taken anew.
            let behind = end.load(Ordering::Acquire);
            let held = first != 0 && start.load(Ordering::Relaxed) == first && (first..behind).contains(&address);
            held.then_some((first, behind))
        })
    }
}

/// Guards raise the first on Linux; the second is taken along because std takes it too.
const SIGNALS: [Signal; 2] = [Signal::SIGSEGV, Signal::SIGBUS];
/// What was done at these signals before.
// FORK: set under `workers::STARTING`.
static PREVIOUS: [OnceLock<SigAction>; 2] = [const { OnceLock::new() }; 2];

/// From now on overflows are reported.
///
/// The handler needs a stack of its own, as the faulting one is full. std gives the main thread and each that it starts
/// an alternate signal stack, unless `main` is not Rust's or somebody had taken SIGSEGV before it; then an overflow
/// kills the program without a word.
pub(super) fn install() {
    // FORK: called under `workers::STARTING`.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let flags = SaFlags::SA_SIGINFO | SaFlags::SA_ONSTACK;
        let action = SigAction::new(SigHandler::SigAction(on_fault), flags, SigSet::empty());
        for (signal, previous) in SIGNALS.into_iter().zip(&PREVIOUS) {
            // SAFETY: all that `on_fault` calls is async-signal-safe.
            if let Ok(before) = unsafe { sigaction(signal, &action) } {
                let _ = previous.set(before); // a fault before this is handled as by default
            }
        }
    });
}

extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid `siginfo_t`, which nobody else knows.
    let fault = unsafe { &*info };
    // A positive code comes from the kernel: this is a fault, not a signal that somebody has sent.
    let is_fault = fault.si_code > 0;
    // SAFETY: any bytes make an address, and of SIGSEGV and SIGBUS from the kernel they are one.
    let address = unsafe { fault.si_addr() }.addr();
    if let Some(size) = stack::guard_at(address).filter(|_| is_fault) {
        report(size);
        set_default(Signal::SIGABRT); // a handler of the program's could need more stack than we have here
        std::process::abort();
    }
    pass_on(signal, is_fault, info, context);
}

/// Writes the report without allocating or locking: the fault may have come amidst either.
fn report(size: usize) {
    let name = super::running_name().map_or(&[][..], |(start, len)| {
        // SAFETY: `running_name` gives a string that lives at least as long as its process, which does not run on.
        unsafe { std::slice::from_raw_parts(start, len) }
    });
    // In one buffer, so that other threads' output does not come between; a very long name is cut, at a character.
    let name = &name[..name.len().min(300)];
    let name = name.utf8_chunks().next().map_or("?", |chunk| chunk.valid());
    let mut text = [0; 768];
    let mut rest = &mut text[..];
    let _ = write!(
        rest,
        "\nprocess `{name}` has overflowed its stack of {size} bytes\nIt runs as a coroutine. Give it more with \
         `#[process(stack = \"…\")]`, `.stack_size(n)`, `Config::stack_size` or CSP_STACK.\n"
    );
    let unused = rest.len();
    let mut unwritten = &text[..text.len() - unused];
    while !unwritten.is_empty() {
        // Not through `stderr`'s own `write`, which locks.
        match nix::unistd::write(stderr().as_fd(), unwritten) {
            Ok(written) => unwritten = &unwritten[written..],
            Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}

/// Does what would have been done without us.
fn pass_on(signal: c_int, is_fault: bool, info: *mut siginfo_t, context: *mut c_void) {
    let Ok(signal) = Signal::try_from(signal) else { return };
    let previous = SIGNALS.iter().position(|&ours| ours == signal).and_then(|which| PREVIOUS[which].get());
    match previous.map_or(SigHandler::SigDfl, SigAction::handler) {
        SigHandler::SigAction(handler) => handler(signal as c_int, info, context),
        SigHandler::Handler(handler) => handler(signal as c_int),
        SigHandler::SigIgn if !is_fault => {}
        // A fault cannot be ignored: its instruction would run again and again.
        SigHandler::SigIgn | SigHandler::SigDfl => {
            set_default(signal);
            // A fault recurs when we return; a signal that was sent does not.
            if !is_fault {
                let _ = raise(signal);
            }
        }
    }
}

fn set_default(signal: Signal) {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler of ours is set.
    let _ = unsafe { sigaction(signal, &default) };
}

#[cfg(test)]
mod tests {
    use corosensei::stack::Stack;

    use super::*;

    #[test]
    fn guards_are_told_from_stacks() {
        for size in [None, Some(1), Some(3 << 20)] {
            let stack = stack::take(size, 32 << 10).unwrap();
            let (low, base) = (stack.limit().get(), stack.base().get());
            assert!(stack.size() >= size.unwrap_or(32 << 10));
            assert_eq!([low, low + 4095].map(stack::guard_at), [Some(stack.size()); 2]);
            assert_eq!([base - 1, base - 6000, 1 << 20].map(stack::guard_at), [None; 3]);
        }
    }

    #[test]
    fn places_are_used_again() {
        let regions = Regions::<2>::new();
        [100, 200, 300].into_iter().for_each(|start| regions.add(start, start + 10)); // the third finds no place
        assert_eq!([109, 110, 200, 305].map(|address| regions.holding(address).is_some()), [true, false, true, false]);
        regions.remove(300);
        regions.remove(100);
        regions.add(300, 310);
        assert_eq!([105, 205, 305].map(|address| regions.holding(address)), [None, Some((200, 210)), Some((300, 310))]);
    }
}
