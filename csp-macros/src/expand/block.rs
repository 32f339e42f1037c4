//! An inline block becomes a closure that owns what it uses.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Stmt;
use syn::spanned::Spanned;

use super::{captures, returns, stops};
use crate::path;
use crate::syntax::par::InlineBlock;

/// A value that `par!` can run.
pub(super) fn expand(mut inline: InlineBlock, csp: &TokenStream) -> TokenStream {
    let places =
        if inline.moves.is_empty() { captures::places(&inline.block) } else { captures::listed(&inline.moves) };
    let places = captures::expand(&places);
    let moves = moves(&inline);
    let stops = stops::may_stop(&inline.block);
    let unit = stops::is_unit(&inline.block);
    if stops {
        returns::wrap(&mut inline.block, unit);
    }
    let block = &inline.block;
    // What wraps the block stands where its value does, so that a wrong value is blamed there.
    let place = match block.stmts.last() {
        Some(Stmt::Expr(tail, None)) => tail.span(),
        _ => block.brace_token.span.join(),
    };
    let there = Span::mixed_site().located_at(place);
    let csp_there = path::located(csp, place);
    let wrap = |closure: TokenStream| {
        let block = quote_spanned!(there=> #csp_there::__private::block(#closure));
        // What the block takes along is looked up before the closure takes it.
        quote_spanned!(Span::mixed_site()=> #csp::__block!({ #places } #block))
    };
    if !stops && !unit && moves.is_none() {
        return wrap(quote_spanned!(there=> move || #block));
    }
    let ty = unit.then(|| quote_spanned!(Span::mixed_site()=> : ()));
    // A `let`, so that temporaries of the tail are gone before the moved names are.
    let run = quote_spanned! {Span::mixed_site()=>
        #moves
        #[allow(
            unused_braces,
            clippy::let_and_return,
            clippy::let_unit_value,
            clippy::unused_unit,
            clippy::diverging_sub_expression
        )]
        let __value #ty = #block;
    };
    if !stops {
        return wrap(quote_spanned! {there=> move || {
            #run
            #[allow(unreachable_code)]
            __value
        }});
    }
    let output = quote_spanned!(there=> #csp_there::__private::BlockValue::output(__body()));
    wrap(quote_spanned! {there=> move || {
        let __body = move || -> ::core::result::Result<_, #csp::__private::Quit> {
            #run
            #[allow(unreachable_code)]
            ::core::result::Result::Ok(__value)
        };
        #output
    }})
}

/// `move(a, b)` captures exactly these, used or not.
fn moves(inline: &InlineBlock) -> Option<TokenStream> {
    if inline.moves.is_empty() {
        return None;
    }
    let names = inline.moves.iter().map(|pat| &pat.ident);
    let moves = &inline.moves;
    Some(quote_spanned! {Span::mixed_site()=>
        #[allow(unused_variables, clippy::redundant_locals)]
        let (#(#moves,)*) = (#(#names,)*);
    })
}
