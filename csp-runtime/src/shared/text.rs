//! A short text in the arena.

use std::sync::atomic::{AtomicU32, Ordering};

/// The longest name that a report gives.
const TEXT: usize = 56;

/// A text, written once before it is seen, or under the lock.
#[repr(C)]
pub(super) struct Text {
    len: AtomicU32,
    bytes: [std::cell::UnsafeCell<u8>; TEXT],
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let new = Self { len: AtomicU32::new(0), bytes: [const { std::cell::UnsafeCell::new(0) }; TEXT] };
        new.write(text);
        new
    }

    pub(super) fn write(&self, text: &str) {
        let mut len = text.len().min(TEXT);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        for (place, byte) in self.bytes.iter().zip(&text.as_bytes()[..len]) {
            // SAFETY: nobody reads it before it is shown, or under the lock.
            unsafe { *place.get() = *byte };
        }
        self.len.store(len as u32, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> String {
        let len = (self.len.load(Ordering::Relaxed) as usize).min(TEXT);
        // SAFETY: as in `write`.
        let bytes: Vec<u8> = self.bytes[..len].iter().map(|byte| unsafe { *byte.get() }).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
