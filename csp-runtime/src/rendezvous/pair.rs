//! Two words side by side that can change in one step: what a hatch says, and a short message.
//!
//! It takes an instruction of which Rust's atomics know nothing, so all that is done to the words is said in the processor's language: to Rust's
//! rules for atomics an access to one of them and one to both would be accesses of different sizes. A model has them behind a lock.

use std::mem::MaybeUninit;

/// A short message, or what else stands beside the first word.
pub(super) type Word = MaybeUninit<u64>;

/// Bit 0 of the first word is a lock, which covers the second one too.
pub(super) const LOCKED: u64 = 1;

#[cfg(all(not(loom), target_arch = "x86_64"))]
mod words {
    use std::arch::asm;
    use std::cell::UnsafeCell;
    use std::mem::MaybeUninit;

    use super::{LOCKED, Word};

    #[repr(C, align(16))]
    pub(in super::super) struct Pair(UnsafeCell<[Word; 2]>);

    impl Pair {
        /// Whether this processor can change both at once. Asked before one is made.
        pub(in super::super) fn is_there() -> bool {
            !cfg!(miri) && std::is_x86_feature_detected!("cmpxchg16b")
        }

        pub(in super::super) fn new(first: u64) -> Self {
            Self(UnsafeCell::new([MaybeUninit::new(first), MaybeUninit::new(0)]))
        }

        /// The first word. What its writer did before is seen after this.
        #[inline(always)]
        pub(in super::super) fn load(&self) -> u64 {
            let first: u64;
            // SAFETY: the place is ours; a load of an aligned word is whole, and all loads are acquire loads.
            unsafe { asm!("mov {}, [{}]", out(reg) first, in(reg) self.0.get(), options(nostack, preserves_flags)) };
            first
        }

        /// The first word; shows to whoever loads it what was done before.
        ///
        /// # Safety
        /// The caller holds the lock.
        #[inline(always)]
        pub(in super::super) unsafe fn store(&self, first: u64) {
            // SAFETY: the place is ours; a store to an aligned word is whole, and all stores are release stores.
            unsafe { asm!("mov [{}], {}", in(reg) self.0.get(), in(reg) first, options(nostack, preserves_flags)) };
        }

        /// Locks both. False: they are locked already.
        #[inline(always)]
        pub(in super::super) fn lock(&self) -> bool {
            let was_locked: u8;
            // SAFETY: the place is ours.
            unsafe {
                asm!("lock bts qword ptr [{}], 0", "setc {}", in(reg) self.0.get(), out(reg_byte) was_locked, options(nostack));
            }
            was_locked == 0
        }

        /// If they are the ones, makes them the others; in one step, which a lock excludes and which sees what was done before.
        #[inline(always)]
        pub(in super::super) fn exchange(&self, from: (u64, u64), to: (u64, Word)) -> bool {
            let (first, second): (u64, u64);
            // SAFETY: the place is ours, and aligned to 16 bytes; `is_there` was asked. (`rbx` may be the compiler's own, so it cannot be named; if it is
            // chosen for `new`, the two exchanges do nothing.)
            unsafe {
                asm!(
                    "xchg rbx, {new}",
                    "lock cmpxchg16b [rdi]",
                    "mov rbx, {new}",
                    new = inout(reg) to.0 => _,
                    in("rdi") self.0.get(),
                    in("rcx") to.1,
                    inlateout("rax") from.0 => first,
                    inlateout("rdx") from.1 => second,
                    options(nostack),
                );
            }
            // What was there: if nothing was exchanged, something else.
            (first, second) == from
        }

        /// # Safety
        /// The caller holds the lock, or is the only one who may use the second word by what the first says.
        #[inline(always)]
        pub(in super::super) unsafe fn second(&self) -> Word {
            let second: Word;
            // SAFETY: the place is ours.
            unsafe {
                asm!("mov {}, [{} + 8]", out(reg) second, in(reg) self.0.get(), options(nostack, preserves_flags))
            };
            second
        }

        /// # Safety
        /// The caller holds the lock.
        #[inline(always)]
        pub(in super::super) unsafe fn set_second(&self, second: Word) {
            // SAFETY: the place is ours.
            unsafe {
                asm!("mov [{} + 8], {}", in(reg) self.0.get(), in(reg) second, options(nostack, preserves_flags))
            };
        }
    }

    const _: () = assert!(LOCKED == 1, "bit 0");
}

/// Behind a lock of the model's.
#[cfg(loom)]
mod words {
    use loom::sync::Mutex;

    use super::{LOCKED, Word};

    pub(in super::super) struct Pair(Mutex<(u64, Word)>);

    impl Pair {
        pub(in super::super) fn is_there() -> bool {
            true
        }

        pub(in super::super) fn new(first: u64) -> Self {
            Self(Mutex::new((first, Word::new(0))))
        }

        pub(in super::super) fn load(&self) -> u64 {
            self.0.lock().unwrap().0
        }

        /// # Safety
        /// As where it is done in one instruction.
        pub(in super::super) unsafe fn store(&self, first: u64) {
            self.0.lock().unwrap().0 = first;
        }

        pub(in super::super) fn lock(&self) -> bool {
            let mut words = self.0.lock().unwrap();
            let was_locked = words.0 & LOCKED != 0;
            words.0 |= LOCKED;
            !was_locked
        }

        pub(in super::super) fn exchange(&self, from: (u64, u64), to: (u64, Word)) -> bool {
            let mut words = self.0.lock().unwrap();
            // SAFETY: a model's messages have no padding.
            let done = words.0 == from.0 && unsafe { words.1.assume_init() } == from.1;
            if done {
                *words = to;
            }
            done
        }

        /// # Safety
        /// As where it is done in one instruction.
        pub(in super::super) unsafe fn second(&self) -> Word {
            self.0.lock().unwrap().1
        }

        /// # Safety
        /// As where it is done in one instruction.
        pub(in super::super) unsafe fn set_second(&self, second: Word) {
            self.0.lock().unwrap().1 = second;
        }
    }
}

/// Other processors have other instructions for it, of which none is used yet: there are no hatches.
#[cfg(not(any(loom, target_arch = "x86_64")))]
mod words {
    use super::Word;

    pub(in super::super) enum Pair {}

    impl Pair {
        pub(in super::super) fn is_there() -> bool {
            false
        }

        pub(in super::super) fn new(_first: u64) -> Self {
            unreachable!("`is_there` says so")
        }

        pub(in super::super) fn load(&self) -> u64 {
            match *self {}
        }

        /// # Safety
        /// As where it is done in one instruction.
        pub(in super::super) unsafe fn store(&self, _first: u64) {
            match *self {}
        }

        pub(in super::super) fn lock(&self) -> bool {
            match *self {}
        }

        pub(in super::super) fn exchange(&self, _from: (u64, u64), _to: (u64, Word)) -> bool {
            match *self {}
        }

        /// # Safety
        /// As where it is done in one instruction.
        pub(in super::super) unsafe fn second(&self) -> Word {
            match *self {}
        }

        /// # Safety
        /// As where it is done in one instruction.
        pub(in super::super) unsafe fn set_second(&self, _second: Word) {
            match *self {}
        }
    }
}

pub(super) use words::Pair;
