//! A choice becomes: guards, one call that chooses, and a `match` that runs the body in place.
//!
//! The guards live in the scrutinee's block and are gone when a body runs, so a body may use, move
//! or assign everything that a guard named.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Expr, ExprMethodCall, Member, Pat};

use super::alt_replicas::Replicas;
use crate::syntax::alt::{Alt, Branch, Item, Order};
use crate::syntax::guard::Guard;

/// The whole expansion, an expression.
pub(crate) fn expand(alt: &Alt, order: Order, csp: &TokenStream) -> TokenStream {
    let mut parts = Parts { csp, branches: Vec::new(), replicas: Replicas::default() };
    let order = Ident::new(
        match order {
            Order::Fair => "Fair",
            Order::Priority => "Priority",
        },
        Span::mixed_site(),
    );
    let choose = quote_spanned!(Span::mixed_site()=> choose(#csp::__private::Order::#order));
    let replicated = alt.items.iter().any(|item| matches!(item, Item::Replicated(_)));
    let choose = if replicated {
        let gather = parts.gather_in(&alt.items, None);
        let (gather_replicas, replicas_are_gathered) = (parts.replicas.gather(), parts.replicas.are_gathered());
        quote_spanned! {Span::mixed_site()=> {
            let mut __guards = __list.gather();
            #gather_replicas
            #gather
            #replicas_are_gathered
            __guards.#choose
        }}
    } else {
        // One expression, so that what an operand borrows from lives until the choice is made.
        let guards = parts.guards(&alt.items);
        quote_spanned!(Span::mixed_site()=> __list.gather()#(.#guards)*.#choose)
    };
    parts.assemble(alt, &choose)
}

/// What has been collected on the way through the branches.
struct Parts<'a> {
    csp: &'a TokenStream,
    /// In textual order; `stopped` is not among them.
    branches: Vec<Arm<'a>>,
    replicas: Replicas<'a>,
}

/// One branch, as the final `match` needs it.
struct Arm<'a> {
    branch: &'a Branch,
    /// The innermost `for` around it.
    level: Option<usize>,
}

impl<'a> Parts<'a> {
    /// One guard for each branch; there is no `for`.
    fn guards(&mut self, items: &'a [Item]) -> Vec<TokenStream> {
        let branches = items.iter().filter_map(|item| match item {
            Item::Branch(branch) => Some(branch),
            Item::Replicated(_) => None,
        });
        branches.filter_map(|branch| self.guard(branch, None)).collect()
    }

    /// Statements that gather the guards, in textual order and order of iteration.
    fn gather_in(&mut self, items: &'a [Item], level: Option<usize>) -> TokenStream {
        let mut statements = TokenStream::new();
        for item in items {
            match item {
                Item::Branch(branch) => {
                    let guard = self.guard(branch, level);
                    statements.extend(guard.map(|guard| quote_spanned!(Span::mixed_site()=> __guards.#guard;)));
                }
                Item::Replicated(replicated) => {
                    let inner = self.replicas.open(&replicated.pat, level);
                    // Those of one branch stand side by side, if it is alone.
                    let (begin, body) = match &*replicated.items {
                        [Item::Branch(branch)] if branch.guard.is_communication() => {
                            let (_, begin, end) = communication(branch);
                            let slot = slot(self.branches.len());
                            let (number, replica) = self.open(branch, Some(inner));
                            let begin = quote_spanned! {Span::mixed_site()=>
                                let mut __branch = __guards.#begin(#number, #replica, &#slot);
                            };
                            (Some(begin), quote_spanned!(Span::mixed_site()=> __branch.push(#end);))
                        }
                        items => (None, self.gather_in(items, Some(inner))),
                    };
                    let keep = self.replicas.keep(inner);
                    let (pat, iter) = (&replicated.pat, &replicated.iter);
                    // A `mut` is for the body, where the variable is bound again.
                    statements.extend(quote_spanned! {Span::mixed_site()=>
                        #begin
                        #[allow(unused_mut)]
                        for #pat in #iter { #body #keep }
                    });
                }
            }
        }
        statements
    }

    /// A call that adds the guard of one branch; none for `stopped`.
    fn guard(&mut self, branch: &'a Branch, level: Option<usize>) -> Option<TokenStream> {
        let csp = self.csp;
        if matches!(branch.guard, Guard::Stopped { .. }) {
            return None;
        }
        let slot = slot(self.branches.len());
        let (number, replica) = self.open(branch, level);
        Some(match &branch.guard {
            Guard::After { deadline, .. } => {
                let deadline = quote_spanned!(Span::mixed_site()=> #csp::__private::deadline(#deadline));
                let deadline = optional(branch, &deadline);
                quote_spanned!(Span::mixed_site()=> after(#number, #replica, #deadline))
            }
            Guard::Skip { .. } => {
                let enabled = match &branch.precondition {
                    Some(precondition) => precondition.condition.to_token_stream(),
                    None => quote_spanned!(Span::mixed_site()=> true),
                };
                quote_spanned!(Span::mixed_site()=> skip(#number, #replica, #enabled))
            }
            _ => {
                let (add, _, end) = communication(branch);
                quote_spanned!(Span::mixed_site()=> #add(#number, #replica, #end, &#slot))
            }
        })
    }

    /// Takes in a branch: its number, and that of its next replica.
    fn open(&mut self, branch: &'a Branch, level: Option<usize>) -> (Literal, TokenStream) {
        let number = Literal::u32_suffixed(u32::try_from(self.branches.len()).unwrap_or(u32::MAX));
        self.branches.push(Arm { branch, level });
        let replica = match level {
            Some(level) => self.replicas.count(level),
            None => Literal::u32_suffixed(0).into_token_stream(),
        };
        (number, replica)
    }

    /// Slots, choice and bodies.
    fn assemble(&self, alt: &Alt, choose: &TokenStream) -> TokenStream {
        let csp = self.csp;
        let replicas = self.replicas.declare(csp);
        // So many find room in place: those that stand in the text, and of replicated ones a few.
        let room = Literal::usize_suffixed(self.branches.len().max(8));
        let slots = self.branches.iter().enumerate().filter_map(|(number, arm)| {
            let slot = slot(number);
            let kind = match arm.branch.guard {
                Guard::Input { .. } | Guard::Extended { .. } => "Slot",
                Guard::Output { .. } => "OutputSlot",
                _ => return None,
            };
            let kind = Ident::new(kind, Span::mixed_site());
            Some(quote_spanned!(Span::mixed_site()=> let #slot = #csp::__private::#kind::new();))
        });
        let chosen = self.branches.iter().enumerate().map(|(number, arm)| self.chosen(number, arm));
        let last = self.branches.len().saturating_sub(1);
        // The last branch is what remains, so no number is left over.
        let numbers = (0..self.branches.len()).map(|number| match number == last {
            true => quote_spanned!(Span::mixed_site()=> _),
            false => Literal::u32_suffixed(u32::try_from(number).unwrap_or(u32::MAX)).into_token_stream(),
        });
        let arms = self.branches.iter().enumerate().map(|(number, arm)| self.arm(number, arm));
        let mut generics: Vec<Ident> = (0..self.branches.len()).map(generic).collect();
        let mut variants: Vec<Ident> = (0..self.branches.len()).map(variant).collect();
        let (on_stopped, stopped_arm) = match alt.stopped() {
            Some((pat, body)) => {
                generics.push(Ident::new("S", Span::mixed_site()));
                variants.push(Ident::new("Stopped", Span::mixed_site()));
                let on = quote_spanned!(Span::mixed_site()=> __CspChosen::Stopped(__stopped));
                let arm = quote_spanned! {Span::mixed_site()=>
                    #[allow(unused_braces)]
                    __CspChosen::Stopped(__stopped) => { let #pat = __stopped; #body }
                };
                (on, Some(arm))
            }
            None => {
                // Called where `alt!` stands: in a function that cannot return `Stopped`, that is the place to blame.
                let propagate = Ident::new("propagate", Span::mixed_site().located_at(Span::call_site()));
                (quote_spanned!(Span::mixed_site()=> return #csp::__private::#propagate(__stopped)), None)
            }
        };
        quote_spanned! {Span::mixed_site()=> {
            enum __CspChosen<#(#generics),*> { #(#variants(#generics)),* }
            match {
                #(#slots)*
                #replicas
                let mut __list = #csp::__private::GuardList::<#room>::new();
                let __outcome = #choose;
                match __outcome {
                    ::core::result::Result::Ok(__chosen) => match __chosen.branch() { #(#numbers => #chosen),* },
                    ::core::result::Result::Err(__stopped) => #on_stopped,
                }
            } {
                #(#arms)*
                #stopped_arm
            }
        }}
    }

    /// What is handed to the arm of branch `number`: the loop variables, then what the guard yields.
    fn chosen(&self, number: usize, arm: &Arm<'_>) -> TokenStream {
        let slot = slot(number);
        let yielded = match arm.branch.guard {
            Guard::Input { .. } => quote_spanned!(Span::mixed_site()=> #slot.take()),
            Guard::Extended { .. } => quote_spanned!(Span::mixed_site()=> #slot.take_extended()),
            Guard::Output { .. } => quote_spanned!(Span::mixed_site()=> #slot.commit()),
            _ => quote_spanned!(Span::mixed_site()=> ()),
        };
        let variant = variant(number);
        match arm.level {
            None => quote_spanned!(Span::mixed_site()=> __CspChosen::#variant(#yielded)),
            Some(level) => {
                let variables = self.replicas.take(level);
                quote_spanned!(Span::mixed_site()=> __CspChosen::#variant((#variables, #yielded)))
            }
        }
    }

    fn arm(&self, number: usize, arm: &Arm<'_>) -> TokenStream {
        let body = &arm.branch.body;
        let variant = variant(number);
        let (yielded, run) = match &arm.branch.guard {
            Guard::Input { pat, .. } => (quote_spanned!(Span::mixed_site()=> __value), bound(pat, body)),
            // The sender is released when `__release` drops, on every way out of the body.
            Guard::Extended { pat, .. } => {
                (quote_spanned!(Span::mixed_site()=> (__value, __release)), bound(pat, body))
            }
            Guard::Output { value, .. } => (
                quote_spanned!(Span::mixed_site()=> __commit),
                quote_spanned!(Span::mixed_site()=> __commit.send(#value); #body),
            ),
            _ => (quote_spanned!(Span::mixed_site()=> ()), body.to_token_stream()),
        };
        match arm.level {
            None => quote_spanned! {Span::mixed_site()=>
                #[allow(unused_braces)]
                __CspChosen::#variant(#yielded) => { #run }
            },
            Some(level) => {
                let (variables, rebind) = self.replicas.rebind(level);
                quote_spanned! {Span::mixed_site()=>
                    #[allow(unused_braces)]
                    __CspChosen::#variant((#variables, #yielded)) => { #rebind #run }
                }
            }
        }
    }
}

/// What adds the guard of a communication, what begins those of all its replicas, and its end.
fn communication(branch: &Branch) -> (Ident, Ident, TokenStream) {
    let (one, all, channel, method) = match &branch.guard {
        Guard::Output { channel, .. } => ("output", "outputs", channel, "__csp_sender"),
        Guard::Extended { channel, .. } => ("extended_input", "extended_inputs", channel, "__csp_receiver"),
        Guard::Input { channel, .. } => ("input", "inputs", channel, "__csp_receiver"),
        _ => unreachable!("asked of communications only"),
    };
    let ident = |name| Ident::new(name, Span::mixed_site());
    (ident(one), ident(all), optional(branch, &end(channel, method)))
}

/// A `let`, so that a refutable pattern is blamed as such, at the pattern.
fn bound(pat: &Pat, body: &Expr) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #[allow(clippy::let_unit_value)] let #pat = __value; #body)
}

/// `Some(value)`, or under a precondition that is false `None` without evaluating it.
fn optional(branch: &Branch, value: &TokenStream) -> TokenStream {
    let some = quote_spanned!(Span::mixed_site()=> ::core::option::Option::Some(#value));
    let Some(precondition) = &branch.precondition else { return some };
    let condition = &precondition.condition;
    quote_spanned! {Span::mixed_site()=> {
        let __enabled: bool = #condition;
        if __enabled { #some } else { ::core::option::Option::None }
    }}
}

/// The operand as the end that the guard needs. The hidden method's name is placed at the operand,
/// where the wrong end is then blamed.
fn end(channel: &Expr, method: &str) -> TokenStream {
    let method = Ident::new(method, Span::mixed_site().located_at(place(channel)));
    quote_spanned!(Span::mixed_site()=> #channel.#method())
}

/// The last telling token of an operand.
fn place(channel: &Expr) -> Span {
    match channel {
        Expr::Field(field) => match &field.member {
            Member::Named(name) => name.span(),
            Member::Unnamed(index) => index.span,
        },
        Expr::MethodCall(ExprMethodCall { method, .. }) => method.span(),
        Expr::Index(index) => place(&index.expr),
        Expr::Call(call) => place(&call.func),
        Expr::Group(group) => place(&group.expr),
        Expr::Path(path) => path.path.segments.last().map_or_else(Span::mixed_site, |segment| segment.ident.span()),
        Expr::Paren(paren) => paren.paren_token.span.join(),
        other => syn::spanned::Spanned::span(other),
    }
}

fn slot(number: usize) -> Ident {
    format_ident!("__slot{number}", span = Span::mixed_site())
}

fn variant(number: usize) -> Ident {
    format_ident!("B{number}", span = Span::mixed_site())
}

fn generic(number: usize) -> Ident {
    format_ident!("T{number}", span = Span::mixed_site())
}
