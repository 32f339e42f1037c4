//! The variables of replicated branches: kept per iteration, bound again for the chosen body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::visit::{self, Visit};
use syn::{Expr, Pat, PatIdent};

/// Every `for` of a choice, by the order in which they open.
#[derive(Default)]
pub(super) struct Replicas<'a>(Vec<Level<'a>>);

/// One `for`.
struct Level<'a> {
    variables: Vec<&'a PatIdent>,
    /// The `for` around it.
    outer: Option<usize>,
}

impl<'a> Replicas<'a> {
    /// Takes in a `for`; the number that comes back names it from now on.
    pub(super) fn open(&mut self, pat: &'a Pat, outer: Option<usize>) -> usize {
        let mut bound = Bound(Vec::new());
        bound.visit_pat(pat);
        self.0.push(Level { variables: bound.0, outer });
        self.0.len() - 1
    }

    /// The number of the iteration that is under way.
    pub(super) fn count(&self, level: usize) -> TokenStream {
        let gathered = gathered(level);
        quote_spanned!(Span::mixed_site()=> #gathered.number_of_next())
    }

    /// Ends an iteration: keeps its variables, after the number of the outer iteration.
    pub(super) fn keep(&self, level: usize) -> TokenStream {
        let gathered = gathered(level);
        let names = self.0[level].variables.iter().map(|variable| &variable.ident);
        let outer = self.0[level].outer.map(|outer| self.count(outer)).into_iter();
        quote_spanned!(Span::mixed_site()=> #gathered.push((#(#outer,)* #(#names,)*));)
    }

    /// Declares where the variables are kept.
    pub(super) fn declare(&self, csp: &TokenStream) -> TokenStream {
        let kept = (0..self.0.len()).map(kept);
        quote_spanned!(Span::mixed_site()=> #(let mut #kept = #csp::__private::Replicas::new();)*)
    }

    /// Declares how they are added there.
    pub(super) fn gather(&self) -> TokenStream {
        let (kept, gathered) = ((0..self.0.len()).map(kept), (0..self.0.len()).map(gathered));
        quote_spanned!(Span::mixed_site()=> #(let mut #gathered = #kept.gather();)*)
    }

    /// All of them have been: now, so that nobody has to remember until the choice is made how many there are.
    pub(super) fn are_gathered(&self) -> TokenStream {
        let gathered = (0..self.0.len()).map(gathered);
        quote_spanned!(Span::mixed_site()=> #(::core::mem::drop(#gathered);)*)
    }

    /// The variables of the chosen replica: those of the outermost `for` first, as nested pairs.
    pub(super) fn take(&self, level: usize) -> TokenStream {
        self.take_replica(level, &quote_spanned!(Span::mixed_site()=> __chosen.replica()))
    }

    fn take_replica(&self, level: usize, replica: &TokenStream) -> TokenStream {
        let kept = kept(level);
        let taken = quote_spanned!(Span::mixed_site()=> #kept.take(#replica));
        let Some(outer) = self.0[level].outer else { return taken };
        let inner = format_ident!("__taken{level}", span = Span::mixed_site());
        let rest = self.take_replica(outer, &quote_spanned!(Span::mixed_site()=> #inner.0));
        quote_spanned!(Span::mixed_site()=> { let #inner = #taken; (#rest, #inner) })
    }

    /// The pattern for what [`Replicas::take`] yields, and the statements that bind the variables again.
    pub(super) fn rebind(&self, level: usize) -> (TokenStream, TokenStream) {
        let this = &self.0[level];
        let kept = format_ident!("__variables{level}", span = Span::mixed_site());
        let (pattern, mut statements) = match this.outer {
            None => (kept.to_token_stream(), TokenStream::new()),
            Some(outer) => {
                let (pattern, statements) = self.rebind(outer);
                (quote_spanned!(Span::mixed_site()=> (#pattern, #kept)), statements)
            }
        };
        if !this.variables.is_empty() {
            let outer = this.outer.map(|_| quote_spanned!(Span::mixed_site()=> _)).into_iter();
            let names = this.variables.iter().map(|variable| {
                let (mutability, name) = (&variable.mutability, &variable.ident);
                quote_spanned!(Span::mixed_site()=> #mutability #name)
            });
            statements.extend(quote_spanned! {Span::mixed_site()=>
                #[allow(unused_variables, unused_mut)]
                let (#(#outer,)* #(#names,)*) = #kept;
            });
        }
        (pattern, statements)
    }
}

fn kept(level: usize) -> Ident {
    format_ident!("__replicas{level}", span = Span::mixed_site())
}

fn gathered(level: usize) -> Ident {
    format_ident!("__gathered{level}", span = Span::mixed_site())
}

/// The variables that a pattern binds, each once.
struct Bound<'a>(Vec<&'a PatIdent>);

impl<'ast> Visit<'ast> for Bound<'ast> {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        if !self.0.iter().any(|known| known.ident == pat.ident) {
            self.0.push(pat);
        }
        visit::visit_pat_ident(self, pat);
    }

    fn visit_expr(&mut self, _: &'ast Expr) {}
}
