//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// spawn!(logger(lines))

fn example() {
    let value = ::csp::__private::spawn(
        ::csp::__private::ParSettings::new(),
        ::csp::__private::branch(logger(lines)),
    );
}
