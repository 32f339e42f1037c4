//! Memory that forked processes share: an anonymous mapping, all zeros at first, gone with its last user.

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::NonNull;

use bytemuck::Zeroable;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// `length` values of `T` in memory that every process forked from now on shares with this one.
///
/// What is dropped in one process stays in the others. `T` needs no destructor: it has none to run.
pub(crate) struct Shared<T> {
    first: NonNull<T>,
    length: usize,
    values: PhantomData<T>,
}

// SAFETY: it is but a place where values lie, to which it gives shared references only.
unsafe impl<T: Sync> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Shared<T> {}

impl<T: Zeroable + Sync> Shared<T> {
    /// # Panics
    /// If the system has no memory, or nothing is asked for.
    pub(crate) fn new(length: usize) -> Self {
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let bytes = NonZeroUsize::new(length * size_of::<T>()).expect("something to share");
        // SAFETY: the system chooses a place where nothing lies.
        let mapped = unsafe { mmap_anonymous(None, bytes, protection, MapFlags::MAP_SHARED) };
        let first = mapped.expect("memory to share").cast();
        assert!(first.is_aligned(), "a page is aligned for any type that we share");
        Self { first, length, values: PhantomData }
    }
}

impl<T> Deref for Shared<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the mapping lives as long as `self`, holds that many, and zeros are a `T`. Others change it only
        // through what is `Sync`.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.length) }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, of that length, and no reference into it outlives `self`.
        let unmapped = unsafe { munmap(self.first.cast(), self.length * size_of::<T>()) };
        unmapped.expect("what has been mapped can be unmapped");
    }
}
