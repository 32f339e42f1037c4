//! `par!`, `seq!` and `spawn!` as written: branches to run.

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{BinOp, Block, Expr, ExprBinary, ExprBlock, Macro, Pat, PatIdent, Token, parenthesized, token};

use super::recover::skip_past_comma;
use super::settings::BACKENDS;
use crate::diag::Errors;

/// What stands between the braces.
#[derive(Default)]
pub(crate) struct Par {
    pub(crate) backend: Option<Backend>,
    pub(crate) branches: Vec<Branch>,
}

/// The value of the first line, `backend = …;`.
pub(crate) enum Backend {
    /// One of the backends by name.
    Known(Ident),
    /// An expression of type `Backend`.
    Value(Expr),
}

/// One branch.
pub(crate) enum Branch {
    /// A process value.
    Value(Expr),
    /// `{ … }` or `move(a, b) { … }`
    Block(InlineBlock),
    /// `count * branch`
    Times { count: Expr, star: Token![*], branch: Box<Branch> },
    /// `for pat in iter => branch`
    For { for_token: Token![for], pat: Pat, iter: Expr, branch: Box<Branch> },
}

/// A process written in place.
pub(crate) struct InlineBlock {
    /// The names of `move(a, b)`.
    pub(crate) moves: Vec<PatIdent>,
    pub(crate) block: Block,
}

/// Parses and checks `par!` or `seq!`; `None` if a mistake was noted.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Option<Par> {
    let mut par = Par::default();
    let parser = |input: ParseStream<'_>| {
        if input.peek(Token![=]) || (input.peek2(Token![=]) && !input.peek2(Token![==])) {
            par.backend = errors.note(backend(input));
        }
        while !input.is_empty() {
            if let Err(error) = next(input, &mut par.branches) {
                errors.push(error);
                skip_past_comma(input)?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
    errors.is_empty().then_some(par)
}

/// Parses and checks `spawn!`: exactly one process.
pub(crate) fn parse_spawn(tokens: TokenStream, errors: &mut Errors) -> Option<Par> {
    let par = parse(tokens, errors)?;
    match &par.branches[..] {
        [] => errors.at_span(Span::call_site(), "nothing to start; write `spawn!(process(arguments))`"),
        [Branch::For { for_token, .. }] => {
            errors.at(for_token, "`spawn!` starts one process; write the loop around it: `for … { spawn!(…); }`");
        }
        [Branch::Times { star, .. }] => {
            errors.at(star, "`spawn!` starts one process; start more in a loop, or write `par!` to wait for them");
        }
        [_] => {}
        [_, second, ..] => {
            errors.at_span(second.span(), "`spawn!` starts one process; write one `spawn!` for each");
        }
    }
    errors.is_empty().then_some(par)
}

/// Reads `call` if it is a correct `par!`, `seq!` or `spawn!`, under whatever path.
pub(crate) fn reparse(call: &Macro) -> Option<Par> {
    let name = &call.path.segments.last()?.ident;
    match name.to_string().as_str() {
        "par" | "seq" => parse(call.tokens.clone(), &mut Errors::default()),
        "spawn" => parse_spawn(call.tokens.clone(), &mut Errors::default()),
        _ => None,
    }
}

impl Par {
    /// Calls `visit` on every expression that is evaluated in place: not on inline blocks.
    pub(crate) fn exprs_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        if let Some(Backend::Value(value)) = &mut self.backend {
            visit(value);
        }
        self.branches.iter_mut().for_each(|branch| branch.exprs_mut(visit));
    }
}

impl Branch {
    fn exprs_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            Branch::Value(value) => visit(value),
            Branch::Block(_) => {}
            Branch::Times { count, branch, .. } => {
                visit(count);
                branch.exprs_mut(visit);
            }
            Branch::For { iter, branch, .. } => {
                visit(iter);
                branch.exprs_mut(visit);
            }
        }
    }

    fn span(&self) -> Span {
        use syn::spanned::Spanned;
        match self {
            Branch::Value(value) => value.span(),
            Branch::Block(inline) => inline.block.brace_token.span.join(),
            Branch::Times { star, .. } => star.span,
            Branch::For { for_token, .. } => for_token.span,
        }
    }
}

/// `backend = coroutines;`
fn backend(input: ParseStream<'_>) -> syn::Result<Backend> {
    let key: Ident = input.parse()?;
    if key != "backend" {
        let text = format!("no setting `{key}`; the first line may say `backend = coroutines;`");
        return Err(skip_line(input, syn::Error::new(key.span(), text)));
    }
    input.parse::<Token![=]>()?;
    let value: Expr = input.parse().map_err(|error| skip_line(input, error))?;
    if !input.peek(Token![;]) {
        let text = "the line `backend = …` ends with `;`, and the branches follow it";
        let error = syn::Error::new_spanned(&value, text);
        skip_past_comma(input)?;
        return Err(error);
    }
    input.parse::<Token![;]>()?;
    match &value {
        Expr::Path(path) => match path.path.get_ident() {
            Some(name) if BACKENDS.iter().any(|known| name == known) => Ok(Backend::Known(name.clone())),
            _ => Ok(Backend::Value(value)),
        },
        _ => Ok(Backend::Value(value)),
    }
}

/// Skips a broken first line, so that the branches after it are still read.
fn skip_line(input: ParseStream<'_>, error: syn::Error) -> syn::Error {
    while !input.is_empty() && input.parse::<Token![;]>().is_err() {
        if input.parse::<proc_macro2::TokenTree>().is_err() {
            break;
        }
    }
    error
}

/// One branch and what separates it from the next.
fn next(input: ParseStream<'_>, branches: &mut Vec<Branch>) -> syn::Result<()> {
    let branch = branch(input)?;
    let closed = matches!(innermost(&branch), Branch::Block(_));
    branches.push(branch);
    if input.parse::<Option<Token![,]>>()?.is_none() && !closed && !input.is_empty() {
        return Err(input.error("branches are separated by `,`; write one before this"));
    }
    Ok(())
}

fn innermost(branch: &Branch) -> &Branch {
    match branch {
        Branch::Times { branch, .. } | Branch::For { branch, .. } => innermost(branch),
        _ => branch,
    }
}

fn branch(input: ParseStream<'_>) -> syn::Result<Branch> {
    if input.peek(Token![for]) && !input.peek2(Token![<]) {
        return replicated(input);
    }
    if input.peek(Token![move]) && input.peek2(token::Paren) {
        return moving(input).map(Branch::Block);
    }
    if input.peek(token::Brace) {
        return Ok(Branch::Block(InlineBlock { moves: Vec::new(), block: input.parse()? }));
    }
    value(input.parse()?)
}

/// Finds the branch in an expression: `count * branch`, a block, or a process value.
fn value(expr: Expr) -> syn::Result<Branch> {
    match expr {
        Expr::Binary(ExprBinary { left, op: BinOp::Mul(star), right, .. }) => {
            Ok(Branch::Times { count: *left, star, branch: Box::new(value(*right)?) })
        }
        Expr::Block(ExprBlock { attrs, label: None, block }) if attrs.is_empty() => {
            Ok(Branch::Block(InlineBlock { moves: Vec::new(), block }))
        }
        // What a macro's `$branch:expr` stands for.
        Expr::Group(group) => value(*group.expr),
        Expr::Closure(closure) => {
            let text = "a closure is no branch; write its body as an inline block: `{ … }`, or `move(a, b) { … }`";
            Err(syn::Error::new_spanned(closure.or1_token, text))
        }
        Expr::Async(block) => {
            let text = "a branch is not `async`: channel operations wait by themselves; write `{ … }`";
            Err(syn::Error::new_spanned(block.async_token, text))
        }
        other => Ok(Branch::Value(other)),
    }
}

fn replicated(input: ParseStream<'_>) -> syn::Result<Branch> {
    let for_token: Token![for] = input.parse()?;
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    input.parse::<Token![in]>()?;
    let iter = Expr::parse_without_eager_brace(input)?;
    if input.parse::<Token![=>]>().is_err() {
        return Err(input.error("write `=>` before what is replicated: `for i in 0..n => worker(i)`"));
    }
    if input.is_empty() || input.peek(Token![,]) {
        let text = "nothing is replicated here; write a process after `=>`: `for i in 0..n => worker(i)`";
        return Err(syn::Error::new(for_token.span, text));
    }
    let branch = branch(input)?;
    let inner = match &branch {
        Branch::Value(_) | Branch::Block(_) => {
            return Ok(Branch::For { for_token, pat, iter, branch: Box::new(branch) });
        }
        Branch::Times { star, .. } => star.span,
        Branch::For { for_token, .. } => for_token.span,
    };
    let text = "what is replicated is one process; write a group of them as `{ par! { … } }`";
    Err(syn::Error::new(inner, text))
}

/// `move(a, b) { … }`
fn moving(input: ParseStream<'_>) -> syn::Result<InlineBlock> {
    input.parse::<Token![move]>()?;
    let names;
    parenthesized!(names in input);
    let moves = Punctuated::<Pat, Token![,]>::parse_terminated_with(&names, |input| Pat::parse_single(input))?;
    if !input.peek(token::Brace) {
        return Err(input.error("an inline block follows the names that it moves: `move(a, b) { … }`"));
    }
    let moves = moves.into_iter().map(|pat| match pat {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Ok(name),
        other => Err(syn::Error::new_spanned(other, "`move(…)` lists plain names: `move(requests, replies) { … }`")),
    });
    Ok(InlineBlock { moves: moves.collect::<syn::Result<_>>()?, block: input.parse()? })
}
