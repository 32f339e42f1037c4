//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// seq! {
//     backend = threads;
//     first(1), second(2)
// }

fn example() {
    let value = {
        let (__o0, (__o1, ())) = ::csp::__private::seq(
            ::csp::__private::ParSettings::new().backend(::csp::__backend!(threads)),
            (
                ::csp::__private::branch(first(1)),
                (::csp::__private::branch(second(2)), ()),
            ),
        );
        (__o0, __o1)
    };
}
