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
            let mut __list = ::csp::__private::GuardList::<8usize>::new();
            let __outcome = {
                let mut __guards = __list.gather();
                let mut __gathered0 = __replicas0.gather();
                let mut __gathered1 = __replicas1.gather();
                #[allow(unused_mut)]
                for (i, client) in clients.iter().enumerate() {
                    __guards
                        .input(
                            0u32,
                            __gathered0.number_of_next(),
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
                        );
                    let mut __branch = __guards
                        .outputs(1u32, __gathered1.number_of_next(), &__slot1);
                    #[allow(unused_mut)]
                    for mut tag in tags {
                        __branch
                            .push(
                                ::core::option::Option::Some(client.replies.__csp_sender()),
                            );
                        __gathered1.push((__gathered0.number_of_next(), tag));
                    }
                    __gathered0.push((i, client));
                }
                ::core::mem::drop(__gathered0);
                ::core::mem::drop(__gathered1);
                __guards.choose(::csp::__private::Order::Fair)
            };
            match __outcome {
                ::core::result::Result::Ok(__chosen) => {
                    match __chosen.branch() {
                        0u32 => {
                            __CspChosen::B0((
                                __replicas0.take(__chosen.replica()),
                                __slot0.take(),
                            ))
                        }
                        _ => {
                            __CspChosen::B1((
                                {
                                    let __taken1 = __replicas1.take(__chosen.replica());
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
