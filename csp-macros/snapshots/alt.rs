//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// alt! {
//     tiles ? tile => image.place(tile),
//     (next < height) & self.rows ! next => next += 1,
//     requests[0] ?? Request { reply, .. } => { reply.send(1)?; }
//     after Duration::from_secs(1) => break 'outer,
// }

fn example() {
    let value = {
        enum __CspChosen<T0, T1, T2, T3> {
            B0(T0),
            B1(T1),
            B2(T2),
            B3(T3),
        }
        match {
            let __slot0 = ::csp::__private::Slot::new();
            let __slot1 = ::csp::__private::OutputSlot::new();
            let __slot2 = ::csp::__private::Slot::new();
            let mut __list = ::csp::__private::GuardList::<8usize>::new();
            let __outcome = __list
                .gather()
                .input(
                    0u32,
                    0u32,
                    ::core::option::Option::Some(tiles.__csp_receiver()),
                    &__slot0,
                )
                .output(
                    1u32,
                    0u32,
                    {
                        let __enabled: bool = next < height;
                        if __enabled {
                            ::core::option::Option::Some(self.rows.__csp_sender())
                        } else {
                            ::core::option::Option::None
                        }
                    },
                    &__slot1,
                )
                .extended_input(
                    2u32,
                    0u32,
                    ::core::option::Option::Some(requests[0].__csp_receiver()),
                    &__slot2,
                )
                .after(
                    3u32,
                    0u32,
                    ::core::option::Option::Some(
                        ::csp::__private::deadline(Duration::from_secs(1)),
                    ),
                )
                .choose(::csp::__private::Order::Fair);
            match __outcome {
                ::core::result::Result::Ok(__chosen) => {
                    match __chosen.branch() {
                        0u32 => __CspChosen::B0(__slot0.take()),
                        1u32 => __CspChosen::B1(__slot1.commit()),
                        2u32 => __CspChosen::B2(__slot2.take_extended()),
                        _ => __CspChosen::B3(()),
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
                let tile = __value;
                image.place(tile)
            }
            #[allow(unused_braces)]
            __CspChosen::B1(__commit) => {
                __commit.send(next);
                next += 1;
            }
            #[allow(unused_braces)]
            __CspChosen::B2((__value, __release)) => {
                #[allow(clippy::let_unit_value)]
                let Request { reply, .. } = __value;
                {
                    reply.send(1)?;
                }
            }
            #[allow(unused_braces)]
            __CspChosen::B3(()) => break 'outer,
        }
    };
}
