//! `alt!` and `pri_alt!` as written: branches of a guard and a body.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Macro, Pat, Token, braced, parenthesized, token};

use super::alt_check::check;
use super::guard::Guard;
use super::recover::skip_past_comma;
use crate::diag::Errors;

/// Which of several ready guards a choice takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `alt!`
    Fair,
    /// `pri_alt!`
    Priority,
}

/// A whole choice.
pub(crate) struct Alt {
    pub(crate) items: Vec<Item>,
}

/// A part of a choice.
pub(crate) enum Item {
    Branch(Box<Branch>),
    Replicated(Box<Replicated>),
}

/// `guard => body`
pub(crate) struct Branch {
    pub(crate) precondition: Option<Precondition>,
    pub(crate) guard: Guard,
    pub(crate) arrow: Token![=>],
    pub(crate) body: Expr,
}

/// `(condition) &`
pub(crate) struct Precondition {
    pub(crate) paren: token::Paren,
    pub(crate) condition: Expr,
    pub(crate) and: Token![&],
}

/// `for pat in iter { items }`
pub(crate) struct Replicated {
    pub(crate) for_token: Token![for],
    pub(crate) pat: Pat,
    pub(crate) in_token: Token![in],
    pub(crate) iter: Expr,
    pub(crate) brace: token::Brace,
    pub(crate) items: Vec<Item>,
}

/// Parses and checks; `None` if a mistake was noted.
pub(crate) fn parse(tokens: TokenStream, order: Order, errors: &mut Errors) -> Option<Alt> {
    let alt = Alt { items: items(tokens, errors) };
    check(&alt, order, errors);
    errors.is_empty().then_some(alt)
}

/// Reads `call` if it is a correct `alt!` or `pri_alt!`, under whatever path. A wrong one is left to
/// its own macro, which reports what is wrong.
pub(crate) fn reparse(call: &Macro) -> Option<Alt> {
    let name = &call.path.segments.last()?.ident;
    let order = match name.to_string().as_str() {
        "alt" => Order::Fair,
        "pri_alt" => Order::Priority,
        _ => return None,
    };
    parse(call.tokens.clone(), order, &mut Errors::default())
}

impl Alt {
    /// Calls `visit` on every expression of the choice.
    pub(crate) fn exprs_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        self.items.iter_mut().for_each(|item| item.exprs_mut(visit));
    }

    /// The branch that takes the place of `?` when all channels have stopped.
    pub(crate) fn stopped(&self) -> Option<(&Pat, &Expr)> {
        self.items.iter().find_map(|item| match item {
            Item::Branch(branch) => match &branch.guard {
                Guard::Stopped { pat, .. } => Some((pat, &branch.body)),
                _ => None,
            },
            Item::Replicated(_) => None,
        })
    }
}

impl Item {
    fn exprs_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            Item::Branch(branch) => {
                if let Some(precondition) = &mut branch.precondition {
                    visit(&mut precondition.condition);
                }
                branch.guard.exprs_mut(visit);
                visit(&mut branch.body);
            }
            Item::Replicated(replicated) => {
                visit(&mut replicated.iter);
                replicated.items.iter_mut().for_each(|item| item.exprs_mut(visit));
            }
        }
    }
}

/// The branches in `tokens`, which `,` or `<>` separates; mistakes are noted branch by branch.
fn items(tokens: TokenStream, errors: &mut Errors) -> Vec<Item> {
    let mut parsed = Vec::new();
    let parts = split_at_diamonds(tokens);
    let last = parts.len() - 1;
    for (index, Part { tokens, diamond }) in parts.into_iter().enumerate() {
        let before = parsed.len();
        let parser = |input: ParseStream<'_>| part(input, &mut parsed, errors);
        if let Err(error) = parser.parse2(tokens) {
            errors.push(error);
            continue;
        }
        // What stands before a `<>` is a whole branch that a block ends.
        let Some(diamond) = diamond.filter(|_| index < last) else { continue };
        match parsed[before..].last() {
            None if errors.is_empty() => errors.at(diamond, "a branch is missing before this `<>`"),
            Some(Item::Branch(branch)) if !matches!(branch.body, Expr::Block(_)) => {
                let body = &branch.body;
                errors.at(body, "before `<>` a body is a block; write `{ … }` around it, or `,` instead of `<>`");
            }
            _ => {}
        }
    }
    parsed
}

fn part(input: ParseStream<'_>, parsed: &mut Vec<Item>, errors: &mut Errors) -> syn::Result<()> {
    while !input.is_empty() {
        match item(input, errors) {
            Ok(item) => {
                let closed = match &item {
                    Item::Branch(branch) => !needs_comma(&branch.body),
                    Item::Replicated(_) => true,
                };
                parsed.push(item);
                let comma: Option<Token![,]> = input.parse()?;
                if comma.is_none() && !closed && !input.is_empty() {
                    errors.push(input.error("branches are separated by `,`; write one before this"));
                    skip_past_comma(input)?;
                }
            }
            Err(error) => {
                errors.push(error);
                skip_past_comma(input)?;
            }
        }
    }
    Ok(())
}

fn needs_comma(body: &Expr) -> bool {
    !matches!(
        body,
        Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::If(_)
            | Expr::Match(_)
            | Expr::While(_)
            | Expr::Loop(_)
            | Expr::ForLoop(_)
            | Expr::TryBlock(_)
            | Expr::Const(_)
    )
}

fn item(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Item> {
    if input.peek(Token![for]) {
        return Ok(Item::Replicated(Box::new(replicated(input, errors)?)));
    }
    if input.peek(Token![#]) {
        return Err(input.error("a branch takes no attributes; a precondition switches it off: `(condition) & guard`"));
    }
    let precondition = precondition(input)?;
    let guard: Guard = input.parse()?;
    let arrow = arrow(input, &guard)?;
    if input.is_empty() || input.peek(Token![,]) {
        let text = "this branch has no body; write one after `=>`, or `{}` to do nothing";
        return Err(syn::Error::new_spanned(arrow, text));
    }
    let body = Expr::parse_with_earlier_boundary_rule(input)?;
    Ok(Item::Branch(Box::new(Branch { precondition, guard, arrow, body })))
}

fn arrow(input: ParseStream<'_>, guard: &Guard) -> syn::Result<Token![=>]> {
    if input.peek(Token![=>]) {
        return input.parse();
    }
    if input.peek(Token![if]) {
        return Err(input.error("a condition stands before its guard: `(condition) & guard => body`"));
    }
    let text = "this guard has no body; write `=>` after it, and what to do then: `guard => body`";
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new_spanned(guard, text));
    }
    Err(syn::Error::new(input.span(), "expected `=>` here, between the guard and its body: `guard => body`"))
}

/// A parenthesised condition, if an `&` follows it.
fn precondition(input: ParseStream<'_>) -> syn::Result<Option<Precondition>> {
    if !input.peek(token::Paren) || !input.peek2(Token![&]) {
        return Ok(None);
    }
    let content;
    let paren = parenthesized!(content in input);
    let condition = content.parse()?;
    if !content.is_empty() {
        return Err(content.error("a precondition is one expression of type `bool`"));
    }
    if input.peek(Token![&&]) {
        return Err(input.error("one `&` joins a precondition to its guard: `(condition) & guard => body`"));
    }
    Ok(Some(Precondition { paren, condition, and: input.parse()? }))
}

fn replicated(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Replicated> {
    let for_token = input.parse()?;
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    let in_token = input.parse()?;
    let iter = Expr::parse_without_eager_brace(input)?;
    if !input.peek(token::Brace) {
        return Err(input.error("replicated branches stand in braces: `for item in items { guard => body }`"));
    }
    let content;
    let brace = braced!(content in input);
    let items = items(content.parse::<TokenStream>()?, errors);
    Ok(Replicated { for_token, pat, in_token, iter, brace, items })
}

/// What stands between two `<>`.
struct Part {
    tokens: TokenStream,
    /// The `<>` after it.
    diamond: Option<TokenStream>,
}

/// Splits at every `<>` outside brackets; one after `::` is an empty list of generic arguments.
fn split_at_diamonds(tokens: TokenStream) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let opens =
            matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '<' && sign.spacing() == Spacing::Joint);
        let closes = matches!(tokens.peek(), Some(TokenTree::Punct(sign)) if sign.as_char() == '>');
        let generic = matches!(part.last(), Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
        if opens && closes && !generic {
            let diamond = std::iter::once(token).chain(tokens.next()).collect();
            parts.push(Part { tokens: part.drain(..).collect(), diamond: Some(diamond) });
        } else {
            part.push(token);
        }
    }
    parts.push(Part { tokens: part.into_iter().collect(), diamond: None });
    // A `<>` may also end the last branch, as a `,` may.
    if parts.len() > 1 && parts.last().is_some_and(|part| part.tokens.is_empty()) {
        parts.pop();
    }
    parts
}

impl ToTokens for Alt {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.items.iter().for_each(|item| item.to_tokens(tokens));
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Item::Branch(branch) => {
                if let Some(Precondition { paren, condition, and }) = &branch.precondition {
                    paren.surround(tokens, |tokens| condition.to_tokens(tokens));
                    and.to_tokens(tokens);
                }
                branch.guard.to_tokens(tokens);
                branch.arrow.to_tokens(tokens);
                branch.body.to_tokens(tokens);
                <Token![,]>::default().to_tokens(tokens);
            }
            Item::Replicated(replicated) => {
                let Replicated { for_token, pat, in_token, iter, brace, items } = &**replicated;
                for_token.to_tokens(tokens);
                pat.to_tokens(tokens);
                in_token.to_tokens(tokens);
                iter.to_tokens(tokens);
                brace.surround(tokens, |tokens| items.iter().for_each(|item| item.to_tokens(tokens)));
            }
        }
    }
}
