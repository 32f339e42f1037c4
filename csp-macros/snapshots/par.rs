//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// par! {
//     farmer(rows, tiles, 1000),
//     8 * worker(rows, tiles),
//     for (i, end) in ends.into_iter().enumerate() => worker(end, i),
//     { println!("{}", total.recv()?); }
//     move(low, high) { low + high }
// }

fn example() {
    let value = {
        let (__o0, (__o1, (__o2, (__o3, (__o4, ()))))) = ::csp::__private::par(
            ::csp::__private::ParSettings::new(),
            (
                ::csp::__private::branch(farmer(rows, tiles, 1000)),
                (
                    ::csp::__private::replicate(
                        8,
                        ::csp::__private::branch(worker(rows, tiles)),
                    ),
                    (
                        {
                            let mut __replicated = ::csp::__private::replicated();
                            for (i, end) in ends.into_iter().enumerate() {
                                __replicated.push(::csp::__private::branch(worker(end, i)));
                            }
                            __replicated
                        },
                        (
                            ::csp::__block!(
                                { [total] {} } ::csp::__private::block(move || { let __body
                                = move || -> ::core::result::Result < _,
                                ::csp::__private::Quit > { #[allow(unused_braces,
                                clippy::let_and_return, clippy::let_unit_value,
                                clippy::unused_unit, clippy::diverging_sub_expression)] let
                                __value : () = { println!("{}", total.recv() ?); };
                                #[allow(unreachable_code)]
                                ::core::result::Result::Ok(__value) };
                                ::csp::__private::BlockValue::output(__body()) })
                            ),
                            (
                                ::csp::__block!(
                                    { [low] {} [high] {} } ::csp::__private::block(move || {
                                    #[allow(unused_variables, clippy::redundant_locals)] let
                                    (low, high,) = (low, high,); #[allow(unused_braces,
                                    clippy::let_and_return, clippy::let_unit_value,
                                    clippy::unused_unit, clippy::diverging_sub_expression)] let
                                    __value = { low + high }; #[allow(unreachable_code)] __value
                                    })
                                ),
                                (),
                            ),
                        ),
                    ),
                ),
            ),
        );
        (__o0, __o1, __o2, __o3, __o4)
    };
}
