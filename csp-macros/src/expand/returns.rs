//! Makes `return` in a quiet body mean what it says: `return;` becomes `return Ok(())`.

use proc_macro2::Span;
use quote::quote_spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAsync, ExprClosure, ExprReturn, Item, Macro};

use crate::syntax::alt;

/// Wraps the value of every `return` that belongs to `body` itself; if the body `is_unit`, that is `()`.
///
/// A nested `alt!` is read with our own grammar, because its bodies run in place. Inside a foreign
/// macro a `return` cannot be seen.
pub(super) fn wrap(body: &mut Block, is_unit: bool) {
    WrapReturns { is_unit }.visit_block_mut(body);
}

struct WrapReturns {
    is_unit: bool,
}

impl VisitMut for WrapReturns {
    fn visit_expr_return_mut(&mut self, expr: &mut ExprReturn) {
        visit_mut::visit_expr_return_mut(self, expr);
        let value = match expr.expr.take() {
            // Not as an argument of `Ok`, which the compiler would explain when the value is a wrong one.
            Some(value) if self.is_unit => quote_spanned! {Span::mixed_site()=> {
                #[allow(clippy::let_unit_value)]
                let __unit: () = #value;
                ::core::result::Result::Ok(__unit)
            }},
            Some(value) => quote_spanned!(Span::mixed_site()=> ::core::result::Result::Ok(#value)),
            None => quote_spanned!(Span::mixed_site()=> ::core::result::Result::Ok(())),
        };
        expr.expr = Some(Box::new(Expr::Verbatim(value)));
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        if let Some(mut alt) = alt::reparse(call) {
            alt.exprs_mut(&mut |expr| self.visit_expr_mut(expr));
            call.tokens = quote::ToTokens::to_token_stream(&alt);
        }
    }

    // These have returns of their own.
    fn visit_expr_closure_mut(&mut self, _: &mut ExprClosure) {}
    fn visit_expr_async_mut(&mut self, _: &mut ExprAsync) {}
    fn visit_item_mut(&mut self, _: &mut Item) {}
}
