//! A child with so many workers.

/// True in a child with so many workers, which goes on; otherwise `test` has been run as such a child, and has ended well.
pub(crate) fn is_child(test: &str, workers: &str) -> bool {
    if crate::child::is_part(test) {
        return true;
    }
    let (status, text) = crate::child::run(test, test, &[("CSP_WORKERS", workers)]);
    assert!(status.success(), "{status}\n{text}");
    false
}
