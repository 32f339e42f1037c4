//! A message type gets its `Message` implementation, and each of its fields is checked.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse_quote_spanned;
use syn::spanned::Spanned;

use crate::syntax::message::{Field, Message, cfgs};

/// The item itself comes first, unchanged.
pub(crate) fn expand(message: Message, csp: &TokenStream) -> TokenStream {
    let Message { input, fields } = message;
    let name = &input.ident;
    let cfgs = cfgs(&input.attrs);
    let mut generics = input.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote_spanned!(Span::mixed_site()=> #csp::Message));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    // The check is a function of its own, not a bound of the implementation: so a type may hold itself,
    // and a trait's function, so that it may call itself `Self`.
    let checks = fields.iter().map(|Field { cfgs, ty }| {
        let check = quote_spanned!(Span::mixed_site().located_at(ty.span())=> __message);
        quote_spanned!(Span::mixed_site()=> #(#cfgs)* #check::<#ty>();)
    });
    let checks = (!fields.is_empty()).then(|| {
        quote_spanned! {Span::mixed_site()=>
            #(#cfgs)*
            const _: () = {
                fn __message<T: #csp::Message>() {}
                #[allow(dead_code)]
                trait __Fields {
                    fn fields();
                }
                impl #impl_generics __Fields for #name #type_generics #where_clause {
                    fn fields() { #(#checks)* }
                }
            };
        }
    });
    let implementation = quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        impl #impl_generics #csp::Message for #name #type_generics #where_clause {}
    };
    quote!(#input #implementation #checks)
}
