//! A child with two workers, and which of them runs the caller.

use std::thread;

/// True in a child with two workers, which goes on; otherwise `test` has been run as such a child, and has ended well.
pub(crate) fn is_child(test: &str) -> bool {
    if crate::child::is_part(test) {
        return true;
    }
    let (status, text) = crate::child::run(test, test, &[("CSP_WORKERS", "2")]);
    assert!(status.success(), "{status}\n{text}");
    false
}

pub(crate) fn worker() -> String {
    thread::current().name().expect("workers have names").to_owned()
}
