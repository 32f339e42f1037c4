//! A blocking function hands its body to the runtime and waits for it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::visit::Visit;
use syn::{ItemFn, ReturnType, Type, TypeImplTrait};

/// The whole expansion: the same signature, without `async`.
pub(crate) fn expand(mut function: ItemFn, csp: &TokenStream) -> TokenStream {
    function.sig.constness = None;
    let is_async = function.sig.asyncness.take().is_some();
    let ItemFn { attrs, vis, sig, block } = &function;
    // What cannot be written in a closure's signature is left to inference.
    let output = match &sig.output {
        ReturnType::Type(_, ty) if !is_opaque(ty) => Some(&**ty),
        _ => None,
    };
    let body = match (is_async, output) {
        (false, None) => quote_spanned!(Span::mixed_site()=> #csp::__private::io(move || #block)),
        (false, Some(ty)) => quote_spanned!(Span::mixed_site()=> #csp::__private::io(move || -> #ty #block)),
        (true, None) => quote_spanned!(Span::mixed_site()=> #csp::__private::io_async(async move #block)),
        (true, Some(ty)) => quote_spanned! {Span::mixed_site()=>
            #csp::__private::io_async(async move {
                #[allow(
                    unused_braces,
                    clippy::let_and_return,
                    clippy::let_unit_value,
                    clippy::diverging_sub_expression
                )]
                let __output: #ty = #block;
                #[allow(unreachable_code)]
                __output
            })
        },
    };
    quote_spanned!(Span::mixed_site()=> #(#attrs)* #vis #sig { #body })
}

fn is_opaque(ty: &Type) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut search = Search(false);
    search.visit_type(ty);
    search.0
}
