//! Looks at an inline block: can it leave early, and has it a value?

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Block, Expr, ExprAsync, ExprBreak, ExprClosure, ExprReturn, ExprTry, Item, Macro, Stmt};

use crate::syntax::{alt, par};

/// Whether `?`, or a choice without `stopped`, can end the block early.
pub(super) fn may_stop(block: &Block) -> bool {
    let mut search = Stops(false);
    search.visit_block(block);
    search.0
}

/// Whether the block has no value of its own: it ends in a statement, or in something that never
/// yields one. Its output is then `()`; left to inference it could be the never type.
pub(super) fn is_unit(block: &Block) -> bool {
    let tail = match block.stmts.last() {
        None | Some(Stmt::Local(_) | Stmt::Item(_) | Stmt::Expr(_, Some(_))) => true,
        Some(Stmt::Macro(call)) => call.semi_token.is_some() || diverges(&call.mac),
        Some(Stmt::Expr(tail, None)) => match tail {
            Expr::While(_) | Expr::ForLoop(_) | Expr::Continue(_) => true,
            Expr::Loop(tail) => !has(&tail.body, |search| search.valued_break),
            Expr::Return(tail) => tail.expr.is_none(),
            Expr::Macro(tail) => diverges(&tail.mac),
            _ => false,
        },
    };
    tail && !has(block, |search| search.valued_return)
}

fn diverges(call: &Macro) -> bool {
    call.path
        .segments
        .last()
        .is_some_and(|name| ["panic", "todo", "unimplemented", "unreachable"].iter().any(|known| name.ident == known))
}

fn has(block: &Block, what: impl FnOnce(&Values) -> bool) -> bool {
    let mut search = Values::default();
    search.visit_block(block);
    what(&search)
}

#[derive(Default)]
struct Values {
    valued_break: bool,
    valued_return: bool,
}

impl<'ast> Visit<'ast> for Values {
    fn visit_expr_break(&mut self, expr: &'ast ExprBreak) {
        self.valued_break |= expr.expr.is_some();
        visit::visit_expr_break(self, expr);
    }

    fn visit_expr_return(&mut self, expr: &'ast ExprReturn) {
        self.valued_return |= expr.expr.is_some();
        visit::visit_expr_return(self, expr);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(mut alt) = alt::reparse(call) {
            alt.exprs_mut(&mut |expr| self.visit_expr(expr));
        }
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

struct Stops(bool);

impl<'ast> Visit<'ast> for Stops {
    fn visit_expr_try(&mut self, _: &'ast ExprTry) {
        self.0 = true;
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(mut alt) = alt::reparse(call) {
            self.0 |= alt.stopped().is_none();
            alt.exprs_mut(&mut |expr| self.visit_expr(expr));
        } else if let Some(mut par) = par::reparse(call) {
            par.exprs_mut(&mut |expr| self.visit_expr(expr));
        } else {
            // A foreign macro: a `?` among its tokens is most likely the operator.
            self.0 |= has_question(call.tokens.clone());
        }
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

fn has_question(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(sign) => sign.as_char() == '?',
        TokenTree::Group(group) => has_question(group.stream()),
        _ => false,
    })
}
