//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// alt! {
//     for (i, client) in clients.iter().enumerate() {
//         (open[i]) & client.requests ? request => handle(i, request),
//         for mut tag in tags { client.replies ! tag => { tag += 1; } }
//     }
//     stopped reason => return Err(reason),
// }

fn example() {
    let value = {
        enum __CspChosen<T0, T1, S> {
            B0(T0),
            B1(T1),
            Stopped(S),
        }
        match {
            let __slot0 = ::csp::__private::Slot::new();
            let __slot1 = ::csp::__private::OutputSlot::new();
            let mut __replicas0 = ::csp::__private::Replicas::new();
            let mut __replicas1 = ::csp::__private::Replicas::new();
            let __outcome = {
                let mut __guards = ::csp::__private::GuardList::new();
                let mut __guard_number = ::csp::__private::Number::new();
                let mut __number0 = ::csp::__private::Number::new();
                let mut __number1 = ::csp::__private::Number::new();
                #[allow(unused_mut)]
                for (i, client) in clients.iter().enumerate() {
                    __guards
                        .push(
                            &mut __guard_number,
                            ::csp::__private::input(
                                0u32,
                                __number0.of_next(),
                                {
                                    let __enabled: bool = open[i];
                                    if __enabled {
                                        ::core::option::Option::Some(
                                            client.requests.__csp_receiver(),
                                        )
                                    } else {
                                        ::core::option::Option::None
                                    }
                                },
                                &__slot0,
                            ),
                        );
                    #[allow(unused_mut)]
                    for mut tag in tags {
                        __guards
                            .push(
                                &mut __guard_number,
                                ::csp::__private::output(
                                    1u32,
                                    __number1.of_next(),
                                    ::core::option::Option::Some(client.replies.__csp_sender()),
                                    &__slot1,
                                ),
                            );
                        __replicas1.push(&mut __number1, (__number0.of_next(), tag));
                    }
                    __replicas0.push(&mut __number0, (i, client));
                }
                ::csp::__private::choose(::csp::__private::Order::Fair, &mut __guards)
            };
            match __outcome {
                ::core::result::Result::Ok(__chosen) => {
                    match __chosen.branch {
                        0u32 => {
                            __CspChosen::B0((
                                __replicas0.take(__chosen.replica),
                                __slot0.take(),
                            ))
                        }
                        _ => {
                            __CspChosen::B1((
                                {
                                    let __taken1 = __replicas1.take(__chosen.replica);
                                    (__replicas0.take(__taken1.0), __taken1)
                                },
                                __slot1.commit(),
                            ))
                        }
                    }
                }
                ::core::result::Result::Err(__stopped) => __CspChosen::Stopped(__stopped),
            }
        } {
            #[allow(unused_braces)]
            __CspChosen::B0((__variables0, __value)) => {
                #[allow(unused_variables, unused_mut)]
                let (i, client) = __variables0;
                #[allow(clippy::let_unit_value)]
                let request = __value;
                handle(i, request)
            }
            #[allow(unused_braces)]
            __CspChosen::B1(((__variables0, __variables1), __commit)) => {
                #[allow(unused_variables, unused_mut)]
                let (i, client) = __variables0;
                #[allow(unused_variables, unused_mut)]
                let (_, mut tag) = __variables1;
                __commit.send(tag);
                {
                    tag += 1;
                }
            }
            #[allow(unused_braces)]
            __CspChosen::Stopped(__stopped) => {
                let reason = __stopped;
                return Err(reason);
            }
        }
    };
}
