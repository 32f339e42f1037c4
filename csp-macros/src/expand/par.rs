//! `par!`, `seq!` and `spawn!` become a call that gets all branches as values.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;

use super::block;
use crate::path;
use crate::syntax::par::{Backend, Branch, Par};

/// `par!` or `seq!`, as `run` says. The branches are evaluated in order, as arguments of one call,
/// before it starts any; temporaries in them live until it returns.
pub(crate) fn expand(par: Par, run: &str, csp: &TokenStream) -> TokenStream {
    let run = Ident::new(run, Span::mixed_site());
    let settings = settings(par.backend, csp);
    let outputs: Vec<Ident> =
        (0..par.branches.len()).map(|i| format_ident!("__o{i}", span = Span::mixed_site())).collect();
    let branches = nest(par.branches.into_iter().map(|branch| expand_branch(branch, csp)));
    let call = quote_spanned!(Span::mixed_site()=> #csp::__private::#run(#settings, #branches));
    let pattern = nest(outputs.iter().map(|output| quote_spanned!(Span::mixed_site()=> #output)));
    match &outputs[..] {
        [] => call,
        [output] => quote_spanned!(Span::mixed_site()=> { let #pattern = #call; #output }),
        _ => quote_spanned!(Span::mixed_site()=> { let #pattern = #call; (#(#outputs),*) }),
    }
}

/// `spawn!`, which gets its one process.
pub(crate) fn expand_spawn(par: Par, csp: &TokenStream) -> TokenStream {
    let settings = settings(par.backend, csp);
    let process = par.branches.into_iter().map(|branch| expand_branch(branch, csp));
    quote_spanned!(Span::mixed_site()=> #csp::__private::spawn(#settings, #(#process),*))
}

/// Pairs within pairs have no limit, as tuples would.
fn nest(items: impl DoubleEndedIterator<Item = TokenStream>) -> TokenStream {
    items.rfold(
        quote_spanned!(Span::mixed_site()=> ()),
        |rest, item| quote_spanned!(Span::mixed_site()=> (#item, #rest)),
    )
}

fn settings(backend: Option<Backend>, csp: &TokenStream) -> TokenStream {
    let settings = quote_spanned!(Span::mixed_site()=> #csp::__private::ParSettings::new());
    match backend {
        None => settings,
        Some(Backend::Known(name)) => {
            let backend = path::backend(csp, &name);
            quote_spanned!(Span::mixed_site()=> #settings.backend(#backend))
        }
        Some(Backend::Value(value)) => quote_spanned!(Span::mixed_site()=> #settings.backend(#value)),
    }
}

fn expand_branch(branch: Branch, csp: &TokenStream) -> TokenStream {
    match branch {
        Branch::Value(value) => {
            let csp = path::located(csp, value.span());
            quote_spanned!(Span::mixed_site().located_at(value.span())=> #csp::__private::branch(#value))
        }
        Branch::Block(inline) => block::expand(inline, csp),
        Branch::Times { count, star, branch } => {
            let branch = expand_branch(*branch, csp);
            let csp = path::located(csp, star.span);
            quote_spanned!(Span::mixed_site().located_at(star.span)=> #csp::__private::replicate(#count, #branch))
        }
        // A loop and not a closure: `?`, `return` and moves work in it.
        Branch::For { pat, iter, branch, .. } => {
            let branch = expand_branch(*branch, csp);
            quote_spanned! {Span::mixed_site()=> {
                let mut __replicated = #csp::__private::replicated();
                for #pat in #iter {
                    __replicated.push(#branch);
                }
                __replicated
            }}
        }
    }
}
