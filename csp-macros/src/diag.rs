//! Collected mistakes: all of them are reported at once, each at the user's own token.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// The mistakes found so far. A message says what is wrong and then what to write.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Blames `tokens`, from the first to the last of them.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(tokens, message));
    }

    /// Blames the place `span`.
    pub(crate) fn at_span(&mut self, span: Span, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new(span, message));
    }

    /// Takes in a mistake that the parser found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// The value of `result`, or `None` with its mistake noted.
    pub(crate) fn note<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistakes in item position.
    pub(crate) fn items(&self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }

    /// The mistakes in expression position: a block holds any number of them (dtolnay/syn#1964).
    pub(crate) fn expression(&self) -> TokenStream {
        let errors = self.items();
        quote_spanned!(Span::mixed_site()=> { #errors })
    }

    /// The mistakes followed by the user's item, so that editors still know it.
    pub(crate) fn with_item(&self, item: &TokenStream) -> TokenStream {
        let errors = self.items();
        quote!(#errors #item)
    }
}
