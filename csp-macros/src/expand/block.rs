//! An inline block becomes a closure that owns what it uses.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Stmt;
use syn::spanned::Spanned;

use super::{returns, stops};
use crate::syntax::par::InlineBlock;

/// A value that `par!` can run.
pub(super) fn expand(mut inline: InlineBlock, csp: &TokenStream) -> TokenStream {
    let moves = moves(&inline);
    let stops = stops::may_stop(&inline.block);
    let unit = stops::is_unit(&inline.block);
    if stops {
        returns::wrap(&mut inline.block);
    }
    let block = &inline.block;
    if !stops && !unit {
        let body = moves.map_or_else(
            || quote_spanned!(Span::mixed_site()=> #block),
            |moves| quote_spanned!(Span::mixed_site()=> { #moves #block }),
        );
        return quote_spanned!(Span::mixed_site()=> #csp::__private::block(move || #body));
    }
    let lints = quote_spanned! {Span::mixed_site()=>
        unused_braces,
        clippy::let_and_return,
        clippy::let_unit_value,
        clippy::unused_unit,
        clippy::diverging_sub_expression
    };
    if !stops {
        return quote_spanned! {Span::mixed_site()=>
            #csp::__private::block(move || {
                #moves
                #[allow(#lints)]
                let _unit: () = #block;
            })
        };
    }
    let ty = unit.then(|| quote_spanned!(Span::mixed_site()=> : ()));
    // Named at the block's value, so that a wrong one is blamed there.
    let place = match block.stmts.last() {
        Some(Stmt::Expr(tail, None)) => tail.span(),
        _ => block.brace_token.span.join(),
    };
    let value = syn::Ident::new("__value", Span::mixed_site().located_at(place));
    quote_spanned! {Span::mixed_site()=>
        #csp::__private::fallible_block(move || -> ::core::result::Result<_, #csp::__private::Quit> {
            #moves
            #[allow(#lints)]
            let #value #ty = #block;
            #[allow(unreachable_code)]
            ::core::result::Result::Ok(#csp::__private::block_value(#value))
        })
    }
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
