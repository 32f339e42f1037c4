//! Finds the name under which the user's crate knows `csp-runtime`.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;

/// The absolute path of the runtime crate as the user's crate sees it.
///
/// Inside `csp-runtime`, and where no manifest tells (another build system), it is `::csp_runtime`.
pub(crate) fn csp() -> TokenStream {
    let name = match crate_name("csp-runtime") {
        Ok(FoundCrate::Name(name)) => name,
        Ok(FoundCrate::Itself) | Err(_) => String::from("csp_runtime"),
    };
    let name = Ident::new(&name, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> ::#name)
}

/// The same path, but what goes wrong with it is blamed at `place`.
pub(crate) fn located(csp: &TokenStream, place: Span) -> TokenStream {
    let locate = |mut token: TokenTree| {
        token.set_span(token.span().located_at(place));
        token
    };
    csp.clone().into_iter().map(locate).collect()
}

/// The backend `name`, or an error at `name` if this build does not have it.
pub(crate) fn backend(csp: &TokenStream, name: &Ident) -> TokenStream {
    let csp = located(csp, name.span());
    quote_spanned!(Span::mixed_site().located_at(name.span())=> #csp::__backend!(#name))
}
