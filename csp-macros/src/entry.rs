//! The way from tokens to tokens: parse and check, then expand, or report every mistake.

use proc_macro2::TokenStream;

use crate::diag::Errors;
use crate::syntax::alt::Order;
use crate::{expand, syntax};

/// `#[process]`. Where the function can be expanded in spite of a mistake it is, so that the
/// mistake is reported alone and not with its consequences.
pub(crate) fn process(args: TokenStream, item: TokenStream, csp: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = match syntax::process::parse(args, item.clone(), &mut errors) {
        Some(process) => expand::process::expand(process, csp),
        None => item,
    };
    errors.with_item(&expanded)
}

/// `#[io]`.
pub(crate) fn io(args: &TokenStream, item: TokenStream, csp: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = match syntax::io::parse(args, item.clone(), &mut errors) {
        Some(function) => expand::io::expand(function, csp),
        None => item,
    };
    errors.with_item(&expanded)
}

/// `#[message]`.
pub(crate) fn message(args: &TokenStream, item: TokenStream, csp: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let expanded = match syntax::message::parse(args, item.clone(), &mut errors) {
        Some(message) => expand::message::expand(message, csp),
        None => item,
    };
    errors.with_item(&expanded)
}

/// `par!` or `seq!`; `run` is the runtime's function.
pub(crate) fn par(input: TokenStream, run: &str, csp: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    match syntax::par::parse(input, &mut errors) {
        Some(par) => expand::par::expand(par, run, csp),
        None => errors.expression(),
    }
}

/// `spawn!`.
pub(crate) fn spawn(input: TokenStream, csp: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    match syntax::par::parse_spawn(input, &mut errors) {
        Some(par) => expand::par::expand_spawn(par, csp),
        None => errors.expression(),
    }
}

/// `alt!` or `pri_alt!`.
pub(crate) fn alt(input: TokenStream, order: Order, csp: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    match syntax::alt::parse(input, order, &mut errors) {
        Some(alt) => expand::alt::expand(&alt, order, csp),
        None => errors.expression(),
    }
}
