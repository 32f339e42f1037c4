//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// #[io]
// /// Reads.
// pub fn read(name: &Path) -> io::Result<String> { fs::read_to_string(name) }

/// Reads.
pub fn read(name: &Path) -> io::Result<String> {
    ::csp::__private::io(move || -> io::Result<String> { fs::read_to_string(name) })
}
