//! The expansion of what stands in the comment; `src/tests/snapshots.rs` compares it.

// #[process(shares_memory)]
// /// Serves.
// pub(crate) fn serve<const N: usize>(&mut self, clients: &[Receiver<u32>; N]) -> u32 where Self: Sized {
//     self.total
// }

/// Serves.
#[allow(clippy::type_complexity, clippy::needless_lifetimes)]
pub(crate) fn serve<'__l0, '__l1, const N: usize>(
    &'__l0 mut self,
    clients: &'__l1 [Receiver<u32>; N],
) -> ::csp::Process<(&'__l0 mut Self, &'__l1 [Receiver<u32>; N]), u32>
where
    Self: Sized,
{
    ::csp::__private::process::<
        (&'__l0 mut Self, &'__l1 [Receiver<u32>; N]),
        u32,
    >(
        ::csp::__private::Meta::new("serve").shares_memory(),
        (self, clients),
        |(__self, __a0): (&'__l0 mut Self, &'__l1 [Receiver<u32>; N])| -> u32 {
            Self::a_process_cannot_be_a_method_of_a_trait_impl_serve::<N>(__self, __a0)
        },
        ::csp::__visit!((& '__l0 mut Self, & '__l1[Receiver < u32 >; N],) : __self __a0),
    )
}
#[doc(hidden)]
#[allow(clippy::type_complexity, clippy::needless_lifetimes)]
fn a_process_cannot_be_a_method_of_a_trait_impl_serve<'__l0, '__l1, const N: usize>(
    &'__l0 mut self,
    __a0: &'__l1 [Receiver<u32>; N],
) -> u32
where
    Self: Sized,
{
    let _lent = ::csp::__private::LentGuard::new({
        #[allow(unused_imports)]
        use ::csp::__private::{LentEnd as _, NotAnEnd as _};
        [(&::csp::__private::Probe(__a0)).lent()]
    });
    #[allow(clippy::let_unit_value)]
    let clients = __a0;
    #[allow(
        unused_braces,
        clippy::let_and_return,
        clippy::let_unit_value,
        clippy::diverging_sub_expression
    )]
    let __output: u32 = { self.total };
    #[allow(unreachable_code)] __output
}
