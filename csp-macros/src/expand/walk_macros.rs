//! The macros that the walk over an inline block looks into: our own, and those of the standard library that take expressions.

use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Expr, Macro, Token};

use super::captures::Place;
use super::walk::Walk;
use crate::syntax::alt::{self, Item};
use crate::syntax::guard::Guard;
use crate::syntax::par::{self, Backend, Branch, Par};

/// Walks over what stands in the macro; false if it is not known.
pub(super) fn walk(walk: &mut Walk, call: &Macro) -> bool {
    if let Some(alt) = alt::reparse(call) {
        alt.items.iter().for_each(|item| choice(walk, item));
        return true;
    }
    if let Some(par) = par::reparse(call) {
        branches(walk, &par);
        return true;
    }
    expressions(walk, call)
}

fn choice(walk: &mut Walk, item: &Item) {
    match item {
        Item::Branch(branch) => {
            if let Some(precondition) = &branch.precondition {
                walk.operand(&precondition.condition);
            }
            let pat = match &branch.guard {
                Guard::Input { channel, pat, .. } | Guard::Extended { channel, pat, .. } => {
                    walk.operand(channel);
                    Some(pat)
                }
                Guard::Output { channel, value, .. } => {
                    walk.operand(channel);
                    walk.visit_expr(value);
                    None
                }
                Guard::After { deadline, .. } => {
                    walk.operand(deadline);
                    None
                }
                Guard::Skip { .. } => None,
                Guard::Stopped { pat, .. } => Some(pat),
            };
            walk.scope(|walk| {
                pat.into_iter().for_each(|pat| walk.bind(pat));
                walk.visit_expr(&branch.body);
            });
        }
        Item::Replicated(replicated) => {
            walk.operand(&replicated.iter);
            walk.scope(|walk| {
                walk.bind(&replicated.pat);
                replicated.items.iter().for_each(|item| choice(walk, item));
            });
        }
    }
}

fn branches(walk: &mut Walk, par: &Par) {
    if let Some(Backend::Value(value)) = &par.backend {
        walk.visit_expr(value);
    }
    par.branches.iter().for_each(|each| branch(walk, each));
}

fn branch(walk: &mut Walk, each: &Branch) {
    match each {
        Branch::Value(value) => walk.operand(value),
        Branch::Block(inline) => walk.inline_block(&inline.moves, &inline.block),
        Branch::Times { count, branch: each, .. } => {
            walk.operand(count);
            branch(walk, each);
        }
        Branch::For { pat, iter, branch: each, .. } => {
            walk.operand(iter);
            walk.scope(|walk| {
                walk.bind(pat);
                branch(walk, each);
            });
        }
    }
}

/// Macros of the standard library whose arguments are expressions.
fn expressions(walk: &mut Walk, call: &Macro) -> bool {
    const FORMATTING: &[&str] = &[
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "eprint",
        "eprintln",
        "format",
        "panic",
        "print",
        "println",
        "todo",
        "unimplemented",
        "unreachable",
        "write",
        "writeln",
    ];
    let Some(name) = call.path.get_ident().map(ToString::to_string) else { return false };
    let formatting = FORMATTING.contains(&name.as_str());
    if !formatting && name != "vec" {
        return false;
    }
    let list = |input: ParseStream<'_>| {
        let first = Punctuated::<Expr, Token![,]>::parse_separated_nonempty;
        let mut parsed = Vec::new();
        if !input.is_empty() {
            parsed.extend(first(input)?);
            input.parse::<Option<Token![,]>>()?;
        }
        if input.parse::<Option<Token![;]>>()?.is_some() {
            parsed.push(input.parse()?);
        }
        Ok(parsed)
    };
    let Ok(arguments) = list.parse2(call.tokens.clone()) else { return false };
    for argument in &arguments {
        match argument {
            // `name = value` in a list for formatting.
            Expr::Assign(named) if formatting => walk.operand(&named.right),
            _ if formatting && Place::of(argument).is_some() => walk.operand(argument),
            _ => walk.visit_expr(argument),
        }
    }
    true
}
