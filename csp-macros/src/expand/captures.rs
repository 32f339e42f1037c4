//! What an inline block captures: the variables, and parts of variables, that it uses and does not make itself.
//!
//! A macro sees names and not what they mean, so this is a careful guess. What is found must be there to be looked at, or the
//! program would not compile; what is missed is only missed.

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Block, Expr, ExprPath, Member, PatIdent};

use super::walk::Walk;

/// What is known of how a place is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sight {
    /// As an argument of a method that may as well want a function.
    Vague,
    /// As a value: it may still be a function.
    Value,
    /// As only a variable can be.
    Variable,
}

/// A variable, or a part of it: `x`, `self`, `x.field`, `x.0.field`.
#[derive(Clone)]
pub(crate) struct Place {
    pub(super) root: Ident,
    pub(super) fields: Vec<Member>,
    pub(super) sight: Sight,
    /// Whether the block is seen to change it.
    pub(super) changed: bool,
}

impl Place {
    /// The place that an expression names.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Path(path) => variable(path).map(|root| Self::variable(root.clone(), Sight::Value)),
            Expr::Field(field) => {
                let mut place = Self::of(&field.base)?;
                place.fields.push(field.member.clone());
                Some(place)
            }
            Expr::Paren(inner) => Self::of(&inner.expr),
            Expr::Group(inner) => Self::of(&inner.expr),
            _ => None,
        }
    }

    pub(super) fn variable(root: Ident, sight: Sight) -> Self {
        Self { root, fields: Vec::new(), sight, changed: false }
    }

    /// As it is written.
    pub(super) fn text(&self) -> String {
        let fields = self.fields.iter().map(|field| format!(".{}", field.to_token_stream()));
        std::iter::once(self.root.to_string()).chain(fields).collect()
    }

    fn is_part_of(&self, whole: &Self) -> bool {
        self.root == whole.root && self.fields.len() > whole.fields.len() && self.fields.starts_with(&whole.fields)
    }
}

/// The name in an expression that may be a variable: no path, no constant, no type.
fn variable(path: &ExprPath) -> Option<&Ident> {
    let name = path.path.get_ident().filter(|_| path.qself.is_none() && path.attrs.is_empty())?;
    let text = name.to_string();
    let first = text.trim_start_matches("r#").trim_start_matches('_').chars().next()?;
    (first.is_lowercase() && !matches!(text.as_str(), "crate" | "super")).then_some(name)
}

/// What `move(a, b)` lists.
pub(super) fn listed(moves: &[PatIdent]) -> Vec<Place> {
    moves.iter().map(|name| Place::variable(name.ident.clone(), Sight::Variable)).collect()
}

/// The places that a block uses and does not make itself, in the order in which they appear.
pub(crate) fn places(block: &Block) -> Vec<Place> {
    let mut walk = Walk::default();
    walk.inline_block(&[], block);
    let (found, items_unknown) = walk.found();
    let mut places: Vec<Place> = Vec::new();
    let mut index = HashMap::new();
    let mut sights: HashMap<String, Sight> = HashMap::new();
    for place in found {
        let sight = if place.fields.is_empty() { place.sight } else { Sight::Variable };
        let known = sights.entry(place.root.to_string()).or_insert(sight);
        *known = sight.max(*known);
        match index.get(&place.text()) {
            None => {
                index.insert(place.text(), places.len());
                places.push(place);
            }
            Some(at) => {
                let known: &mut Place = &mut places[*at];
                known.changed |= place.changed;
            }
        }
    }
    for place in &mut places {
        place.sight = sights[&place.root.to_string()];
    }
    // After `use some::*;` any name may be a function of the block's own.
    let least = if items_unknown { Sight::Variable } else { Sight::Value };
    places.retain(|place| place.sight >= least);
    places
}

/// The places as `__taken!` wants them: each with its parts in braces after it.
pub(crate) fn expand(places: &[Place]) -> TokenStream {
    let mut places: Vec<&Place> = places.iter().collect();
    places.sort_by_key(|place| place.fields.len());
    let mut tokens = TokenStream::new();
    while !places.is_empty() {
        let whole = places.remove(0);
        let (parts, rest): (Vec<&Place>, Vec<&Place>) = places.into_iter().partition(|place| place.is_part_of(whole));
        places = rest;
        let parts = expand(&parts.into_iter().cloned().collect::<Vec<_>>());
        tokens.extend(one(whole, &parts));
    }
    tokens
}

fn one(place: &Place, parts: &TokenStream) -> TokenStream {
    let Place { root, fields, sight, changed } = place;
    if fields.is_empty() {
        return match sight {
            Sight::Variable => quote_spanned!(Span::mixed_site()=> [#root] { #parts }),
            Sight::Vague | Sight::Value => quote_spanned!(Span::mixed_site()=> (#root) { #parts }),
        };
    }
    let path = quote_spanned!(Span::mixed_site()=> #root #(.#fields)*);
    if *changed {
        quote_spanned!(Span::mixed_site()=> [#path; #root] { #parts })
    } else {
        quote_spanned!(Span::mixed_site()=> [#path] { #parts })
    }
}
