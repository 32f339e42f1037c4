//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// pri_alt! {
//     stop ? _ => { return } <> work ? item => { run(item) } <> skip => {}
// }

fn example() {
    let value = {
        enum __CspChosen<T0, T1, T2> {
            B0(T0),
            B1(T1),
            B2(T2),
        }
        match {
            let __slot0 = ::csp::__private::Slot::new();
            let __slot1 = ::csp::__private::Slot::new();
            let mut __list = ::csp::__private::GuardList::<8usize>::new();
            let __outcome = __list
                .gather()
                .input(
                    0u32,
                    0u32,
                    ::core::option::Option::Some(stop.__csp_receiver()),
                    &__slot0,
                )
                .input(
                    1u32,
                    0u32,
                    ::core::option::Option::Some(work.__csp_receiver()),
                    &__slot1,
                )
                .skip(2u32, 0u32, true)
                .choose(::csp::__private::Order::Priority);
            match __outcome {
                ::core::result::Result::Ok(__chosen) => {
                    match __chosen.branch() {
                        0u32 => __CspChosen::B0(__slot0.take()),
                        1u32 => __CspChosen::B1(__slot1.take()),
                        _ => __CspChosen::B2(()),
                    }
                }
                ::core::result::Result::Err(__stopped) => {
                    return ::csp::__private::propagate(__stopped);
                }
            }
        } {
            #[allow(unused_braces)]
            __CspChosen::B0(__value) => {
                #[allow(clippy::let_unit_value)]
                let _ = __value;
                { return }
            }
            #[allow(unused_braces)]
            __CspChosen::B1(__value) => {
                #[allow(clippy::let_unit_value)]
                let item = __value;
                { run(item) }
            }
            #[allow(unused_braces)]
            __CspChosen::B2(()) => {}
        }
    };
}
