//! `#[io]` as written: a blocking function, or an `async` one.

use proc_macro2::TokenStream;
use syn::{ItemFn, TraitItemFn};

use crate::diag::Errors;

/// Parses and checks; `None` means that nothing can be made of the item.
pub(crate) fn parse(args: &TokenStream, item: TokenStream, errors: &mut Errors) -> Option<ItemFn> {
    if !args.is_empty() {
        errors.at(args, "`#[io]` takes no arguments; write it alone");
    }
    let function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            match syn::parse2::<TraitItemFn>(item) {
                Ok(method) => errors.at(
                    &method.sig.ident,
                    "an `#[io]` function has a body; write `#[io]` where the method is implemented",
                ),
                Err(_) => {
                    let text = "`#[io]` goes on a function: `#[io] fn name(arguments) { … }`";
                    errors.at_span(error.span(), text);
                }
            }
            return None;
        }
    };
    if let Some(token) = &function.sig.constness {
        errors.at(token, "an `#[io]` function waits, so it cannot be `const`; leave `const` out");
    }
    if let Some(variadic) = &function.sig.variadic {
        errors.at(variadic, "an `#[io]` function takes a fixed number of arguments; leave `...` out");
    }
    Some(function)
}
