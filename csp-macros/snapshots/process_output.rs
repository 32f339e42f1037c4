//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// #[process]
// fn sum(numbers: Receiver<u32>, (low, high): (u32, u32), keep: impl Fn(&u32) -> bool) -> Result<u32, Stopped> {
//     let first = numbers.recv()?;
//     Ok(if keep(&first) { first.clamp(low, high) } else { 0 })
// }

#[allow(clippy::type_complexity)]
fn sum<__I0: Fn(&u32) -> bool>(
    numbers: Receiver<u32>,
    arg1: (u32, u32),
    keep: __I0,
) -> ::csp::Process<(Receiver<u32>, (u32, u32), __I0), Result<u32, Stopped>> {
    ::csp::__private::process::<
        (Receiver<u32>, (u32, u32), __I0),
        Result<u32, Stopped>,
    >(
        ::csp::__private::Meta::new("sum"),
        (numbers, arg1, keep),
        |(__a0, __a1, __a2): (Receiver<u32>, (u32, u32), __I0)| -> Result<u32, Stopped> {
            #[allow(clippy::let_unit_value)]
            let numbers = __a0;
            #[allow(clippy::let_unit_value)]
            let (low, high) = __a1;
            #[allow(clippy::let_unit_value)]
            let keep = __a2;
            #[allow(
                unused_braces,
                clippy::let_and_return,
                clippy::let_unit_value,
                clippy::diverging_sub_expression
            )]
            let __output: Result<u32, Stopped> = {
                let first = numbers.recv()?;
                Ok(if keep(&first) { first.clamp(low, high) } else { 0 })
            };
            #[allow(unreachable_code)] __output
        },
        ::csp::__visit!((Receiver < u32 >, (u32, u32), __I0,) : __a0 __a1 __a2),
    )
}
