//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// #[process(backend = threads, stack = "256 KiB", name = "copy")]
// /// Copies.
// pub fn copy<T: Message>(from: Receiver<T>, to: &Sender<T>, mut left: u32) {
//     while left > 0 {
//         if left == 7 { return; }
//         alt! { from ? item => { to.send(item)?; left -= 1 }, stopped _ => return }
//     }
// }

/// Copies.
#[allow(clippy::type_complexity, clippy::needless_lifetimes)]
pub fn copy<'__l0, T: Message>(
    from: Receiver<T>,
    to: &'__l0 Sender<T>,
    left: u32,
) -> ::csp::Process<(Receiver<T>, &'__l0 Sender<T>, u32), ()> {
    ::csp::__private::process::<
        (Receiver<T>, &'__l0 Sender<T>, u32),
        (),
    >(
        ::csp::__private::Meta::new("copy")
            .backend(::csp::__backend!(threads))
            .stack_size(262144)
            .named("copy"),
        (from, to, left),
        |(__a0, __a1, __a2): (Receiver<T>, &'__l0 Sender<T>, u32)| -> () {
            let _lent = ::csp::__private::LentGuard::new({
                #[allow(unused_imports)]
                use ::csp::__private::{LentEnd as _, NotAnEnd as _};
                [(&::csp::__private::Probe(__a1)).lent()]
            });
            ::csp::__private::quiet(move || -> ::core::result::Result<
                (),
                ::csp::__private::Quit,
            > {
                #[allow(clippy::let_unit_value)]
                let from = __a0;
                #[allow(clippy::let_unit_value)]
                let to = __a1;
                #[allow(clippy::let_unit_value)]
                let mut left = __a2;
                #[allow(
                    unused_braces,
                    clippy::let_unit_value,
                    clippy::unused_unit,
                    clippy::diverging_sub_expression
                )]
                let _unit: () = {
                    while left > 0 {
                        if left == 7 {
                            return ::core::result::Result::Ok(());
                        }
                        alt! {
                            from ? item => { to.send(item) ?; left -= 1 }, stopped _ =>
                            return ::core::result::Result::Ok(()),
                        }
                    }
                };
                #[allow(unreachable_code)] ::core::result::Result::Ok(())
            })
        },
        ::csp::__visit!((Receiver < T >, & '__l0 Sender < T >, u32,) : __a0 __a1 __a2),
    )
}
