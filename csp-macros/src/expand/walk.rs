//! The walk over an inline block that finds what it captures. It knows the scopes of names, and our own macros.

use std::collections::HashSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    AngleBracketedGenericArguments, Arm, Attribute, Block, Expr, ExprArray, ExprAssign, ExprBinary, ExprCall, ExprCast,
    ExprClosure, ExprConst, ExprForLoop, ExprIf, ExprIndex, ExprLet, ExprMatch, ExprMethodCall, ExprRange, ExprRawAddr,
    ExprReference, ExprRepeat, ExprStruct, ExprTry, ExprUnary, ExprUnsafe, ExprWhile, Item, Local, Macro, Pat,
    PatIdent, Stmt, StmtMacro, Type, UnOp, UseTree,
};

use super::captures::{Place, Sight};
use super::walk_macros;

/// What has been found, and what is known at this place of the walk.
#[derive(Default)]
pub(super) struct Walk {
    found: Vec<Place>,
    /// The names that are bound, from the outermost scope to the innermost.
    scopes: Vec<HashSet<String>>,
    /// Whether there was something that depends on `cfg`, and might not be there.
    conditional: bool,
    items_unknown: bool,
}

impl Walk {
    /// The places; and whether names might mean items that the walk has not seen.
    pub(super) fn found(self) -> (Vec<Place>, bool) {
        (self.found, self.items_unknown)
    }

    /// `move(a, b) { … }` captures what it lists, and binds it anew.
    pub(super) fn inline_block(&mut self, moves: &[PatIdent], block: &Block) {
        for name in moves {
            self.note(Place::variable(name.ident.clone(), Sight::Variable));
        }
        self.scope(|walk| {
            moves.iter().for_each(|name| walk.name(&name.ident));
            walk.visit_block(block);
        });
    }

    pub(super) fn scope(&mut self, inside: impl FnOnce(&mut Self)) {
        self.scopes.push(HashSet::new());
        inside(self);
        self.scopes.pop();
    }

    fn name(&mut self, name: &Ident) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_string());
        }
    }

    /// Binds the names of a pattern in the innermost scope.
    pub(super) fn bind(&mut self, pat: &Pat) {
        Names(self).visit_pat(pat);
    }

    fn note(&mut self, place: Place) {
        let name = place.root.to_string();
        if !self.scopes.iter().any(|scope| scope.contains(&name)) {
            self.found.push(place);
        }
    }

    /// Something that cannot be a function, as the receiver of a method.
    pub(super) fn operand(&mut self, expr: &Expr) {
        self.using(expr, Sight::Variable, false);
    }

    fn using(&mut self, expr: &Expr, sight: Sight, changed: bool) {
        match Place::of(expr) {
            Some(place) => self.note(Place { sight, changed, ..place }),
            None => self.visit_expr(expr),
        }
    }

    /// What is assigned to, or has a part that is.
    fn target(&mut self, expr: &Expr) {
        match expr {
            Expr::Index(index) => {
                self.target(&index.expr);
                self.operand(&index.index);
            }
            Expr::Unary(unary) => self.target(&unary.expr),
            Expr::Field(field) if Place::of(expr).is_none() => self.target(&field.base),
            Expr::Paren(inner) => self.target(&inner.expr),
            Expr::Tuple(parts) => parts.elems.iter().for_each(|part| self.target(part)),
            Expr::Array(parts) => parts.elems.iter().for_each(|part| self.target(part)),
            Expr::Infer(_) => {}
            _ => self.using(expr, Sight::Variable, true),
        }
    }

    /// What is matched with patterns: if they leave something out, only parts of it are captured.
    fn matched<'p>(&mut self, expr: &Expr, sight: Sight, mut pats: impl Iterator<Item = &'p Pat>) {
        match Place::of(expr) {
            None => self.visit_expr(expr),
            Some(place) if pats.any(takes_all) => self.note(Place { sight, ..place }),
            Some(_) => {}
        }
    }

    /// The names of a macro's tokens: a macro that nobody knows may bind them.
    fn bind_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => self.name(&name),
                TokenTree::Group(group) => self.bind_tokens(group.stream()),
                _ => {}
            }
        }
    }

    fn imports(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.imports(&path.tree),
            UseTree::Name(name) => self.name(&name.ident),
            UseTree::Rename(rename) => self.name(&rename.rename),
            UseTree::Glob(_) => self.items_unknown = true,
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.imports(tree)),
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(item) => self.name(&item.sig.ident),
            Item::Const(item) => self.name(&item.ident),
            Item::Static(item) => self.name(&item.ident),
            Item::Struct(item) => self.name(&item.ident),
            Item::Use(item) => self.imports(&item.tree),
            Item::Macro(item) => self.bind_tokens(item.mac.tokens.clone()),
            Item::Verbatim(tokens) => self.bind_tokens(tokens.clone()),
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match Place::of(expr) {
            Some(place) => self.note(place),
            None => visit::visit_expr(self, expr),
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.scope(|walk| {
            for stmt in &block.stmts {
                if let Stmt::Item(item) = stmt {
                    walk.item(item);
                }
            }
            visit::visit_block(walk, block);
        });
    }

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        let before = self.found.len();
        let outside = std::mem::take(&mut self.conditional);
        visit::visit_stmt(self, stmt);
        if std::mem::replace(&mut self.conditional, outside) {
            self.found.truncate(before);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.conditional |= attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr");
    }

    fn visit_local(&mut self, local: &'ast Local) {
        local.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        if let Some(init) = &local.init {
            self.matched(&init.expr, Sight::Value, std::iter::once(&local.pat));
            if let Some((_, diverge)) = &init.diverge {
                self.visit_expr(diverge);
            }
        }
        self.bind(&local.pat);
    }

    fn visit_expr_let(&mut self, expr: &'ast ExprLet) {
        self.matched(&expr.expr, Sight::Variable, std::iter::once(&*expr.pat));
        self.bind(&expr.pat);
    }

    fn visit_expr_match(&mut self, expr: &'ast ExprMatch) {
        self.matched(&expr.expr, Sight::Variable, expr.arms.iter().map(|arm| &arm.pat));
        expr.arms.iter().for_each(|arm| self.visit_arm(arm));
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        arm.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.scope(|walk| {
            walk.bind(&arm.pat);
            if let Some((_, guard)) = &arm.guard {
                walk.operand(guard);
            }
            walk.visit_expr(&arm.body);
        });
    }

    fn visit_expr_if(&mut self, expr: &'ast ExprIf) {
        self.scope(|walk| {
            walk.operand(&expr.cond);
            walk.visit_block(&expr.then_branch);
        });
        if let Some((_, otherwise)) = &expr.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, expr: &'ast ExprWhile) {
        self.scope(|walk| {
            walk.operand(&expr.cond);
            walk.visit_block(&expr.body);
        });
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast ExprForLoop) {
        self.operand(&expr.expr);
        self.scope(|walk| {
            walk.bind(&expr.pat);
            walk.visit_block(&expr.body);
        });
    }

    fn visit_expr_closure(&mut self, expr: &'ast ExprClosure) {
        self.scope(|walk| {
            expr.inputs.iter().for_each(|input| walk.bind(input));
            walk.visit_expr(&expr.body);
        });
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        call.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let name = call.method.to_string();
        self.using(&call.receiver, Sight::Variable, changes(&name));
        for argument in &call.args {
            let sight = if takes_values(&name) { Sight::Value } else { Sight::Vague };
            self.using(argument, sight, false);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        call.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        if !matches!(&*call.func, Expr::Path(_)) {
            self.visit_expr(&call.func);
        }
        call.args.iter().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_expr_reference(&mut self, expr: &'ast ExprReference) {
        self.using(&expr.expr, Sight::Variable, expr.mutability.is_some());
    }

    fn visit_expr_raw_addr(&mut self, expr: &'ast ExprRawAddr) {
        self.operand(&expr.expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast ExprUnary) {
        match expr.op {
            UnOp::Deref(_) | UnOp::Not(_) | UnOp::Neg(_) => self.operand(&expr.expr),
            _ => self.visit_expr(&expr.expr),
        }
    }

    fn visit_expr_index(&mut self, expr: &'ast ExprIndex) {
        self.operand(&expr.expr);
        self.operand(&expr.index);
    }

    fn visit_expr_binary(&mut self, expr: &'ast ExprBinary) {
        use syn::BinOp::{
            AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign, ShrAssign,
            SubAssign,
        };
        match expr.op {
            AddAssign(_) | SubAssign(_) | MulAssign(_) | DivAssign(_) | RemAssign(_) | BitXorAssign(_)
            | BitAndAssign(_) | BitOrAssign(_) | ShlAssign(_) | ShrAssign(_) => self.target(&expr.left),
            _ => self.operand(&expr.left),
        }
        self.operand(&expr.right);
    }

    fn visit_expr_assign(&mut self, expr: &'ast ExprAssign) {
        self.target(&expr.left);
        if !matches!(&*expr.left, Expr::Infer(_)) || Place::of(&expr.right).is_none() {
            self.visit_expr(&expr.right);
        }
    }

    fn visit_expr_range(&mut self, expr: &'ast ExprRange) {
        expr.start.iter().chain(&expr.end).for_each(|bound| self.operand(bound));
    }

    fn visit_expr_cast(&mut self, expr: &'ast ExprCast) {
        self.visit_expr(&expr.expr);
    }

    fn visit_expr_try(&mut self, expr: &'ast ExprTry) {
        self.operand(&expr.expr);
    }

    fn visit_expr_array(&mut self, expr: &'ast ExprArray) {
        expr.elems.iter().for_each(|element| self.visit_expr(element));
    }

    /// The number of elements is a constant.
    fn visit_expr_repeat(&mut self, expr: &'ast ExprRepeat) {
        self.visit_expr(&expr.expr);
    }

    /// Of what stands after `..`, only some fields are captured.
    fn visit_expr_struct(&mut self, expr: &'ast ExprStruct) {
        expr.fields.iter().for_each(|field| self.visit_field_value(field));
        if let Some(rest) = expr.rest.as_deref().filter(|rest| Place::of(rest).is_none()) {
            self.visit_expr(rest);
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        walk_macros::walk(self, call);
    }

    fn visit_stmt_macro(&mut self, stmt: &'ast StmtMacro) {
        stmt.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        if !walk_macros::walk(self, &stmt.mac) {
            self.bind_tokens(stmt.mac.tokens.clone());
        }
    }

    // What is done in there could not be repeated outside.
    fn visit_expr_unsafe(&mut self, _: &'ast ExprUnsafe) {}
    // These see no variables.
    fn visit_expr_const(&mut self, _: &'ast ExprConst) {}
    fn visit_item(&mut self, _: &'ast Item) {}
    fn visit_type(&mut self, _: &'ast Type) {}
    fn visit_angle_bracketed_generic_arguments(&mut self, _: &'ast AngleBracketedGenericArguments) {}
    fn visit_pat(&mut self, _: &'ast Pat) {}
}

/// Binds the names of a pattern.
struct Names<'w>(&'w mut Walk);

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.0.name(&pat.ident);
        visit::visit_pat_ident(self, pat);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.0.bind_tokens(call.tokens.clone());
    }

    fn visit_expr(&mut self, _: &'ast Expr) {}
    fn visit_type(&mut self, _: &'ast Type) {}
}

/// Whether all of what is matched is looked at, or bound.
fn takes_all(pat: &Pat) -> bool {
    #[derive(Default)]
    struct Leaves {
        out: bool,
    }
    impl<'ast> Visit<'ast> for Leaves {
        fn visit_pat(&mut self, pat: &'ast Pat) {
            self.out |= matches!(pat, Pat::Wild(_) | Pat::Rest(_) | Pat::Macro(_) | Pat::Verbatim(_))
                || matches!(pat, Pat::Struct(pat) if pat.rest.is_some());
            visit::visit_pat(self, pat);
        }

        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    let mut leaves = Leaves::default();
    leaves.visit_pat(pat);
    !leaves.out
}

/// Whether a method of this name most likely changes its receiver.
fn changes(method: &str) -> bool {
    const NAMES: &[&str] = &[
        "append",
        "as_deref_mut",
        "as_mut",
        "clear",
        "copy_from_slice",
        "clone_from_slice",
        "dedup",
        "drain",
        "entry",
        "extend",
        "extend_from_slice",
        "fill",
        "fill_with",
        "get_or_insert",
        "get_or_insert_with",
        "insert",
        "insert_str",
        "next",
        "pop",
        "pop_back",
        "pop_first",
        "pop_front",
        "pop_last",
        "push",
        "push_back",
        "push_front",
        "push_str",
        "remove",
        "replace",
        "resize",
        "resize_with",
        "retain",
        "reverse",
        "rotate_left",
        "rotate_right",
        "sort",
        "sort_by",
        "sort_by_key",
        "sort_unstable",
        "sort_unstable_by",
        "sort_unstable_by_key",
        "split_off",
        "swap",
        "swap_remove",
        "take",
        "truncate",
    ];
    method.ends_with("_mut") || NAMES.contains(&method)
}

/// Whether the arguments of a method of this name are most likely not functions.
fn takes_values(method: &str) -> bool {
    const NAMES: &[&str] = &[
        "append",
        "chain",
        "extend",
        "extend_from_slice",
        "insert",
        "push",
        "push_back",
        "push_front",
        "replace",
        "send",
        "send_deadline",
        "send_or_return",
        "send_timeout",
        "spawn",
        "try_send",
        "zip",
    ];
    NAMES.contains(&method)
}
