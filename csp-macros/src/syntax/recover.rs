//! How a parser goes on after a mistake, so that the next one is found too.

use proc_macro2::TokenTree;
use syn::Token;
use syn::parse::ParseStream;

/// Skips the rest of a broken part, with the comma that ends it.
pub(super) fn skip_past_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>()?.is_some() {
            break;
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
